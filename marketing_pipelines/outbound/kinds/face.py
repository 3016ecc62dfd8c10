"""The one face of every type of action: what its payload says, what of it is frozen, and how it leaves the house."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from marketing_pipelines.email import addresses
from marketing_pipelines.links import targets
from marketing_pipelines.links.refusals import NotUsable
from marketing_pipelines.outbound.carriers import Carriers
from marketing_pipelines.outbound.manifest import leaf_hash
from marketing_pipelines.outbound.preflight import Finding
from marketing_pipelines.outbound.sending import Sending
from store.records.actions import Action, ActionType, Channel, Leaf, Purpose
from store.records.database import Session
from store.records.delivery_chunks import Claim
from store.records.schema import ContactId, TenantId
from store.settings import Settings


class NotReady(Exception):
    """The action cannot be submitted as it is; `field`, of the payload or beside it, and `reason` are for its author."""

    def __init__(self, field: str, reason: str, *, of_payload: bool = True) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
        self.of_payload = of_payload


class Payload(BaseModel):
    """What an action of one type says; checked when it is created and again when it is submitted."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def _web_address(text: str) -> str:
    try:
        return targets.usable_target(text)
    except NotUsable as refusal:
        raise ValueError(str(refusal)) from None


Line = Annotated[str, Field(max_length=255), AfterValidator(not_blank), AfterValidator(addresses.line)]
Words = Annotated[
    str, Field(max_length=256 * 1024), AfterValidator(not_blank), AfterValidator(addresses.body)
]
Link = Annotated[str, Field(max_length=targets.LONGEST_TARGET), AfterValidator(_web_address)]
Money = Annotated[Decimal, Field(strict=False, gt=0, max_digits=16, decimal_places=2)]
Number = Annotated[int, Field(ge=1, le=2**63 - 1)]
# A provider's own id of an account, a campaign, a page or a room.
PlatformId = Annotated[str, Field(pattern=r"^[\w.:-]{1,100}$")]

P = TypeVar("P", bound=Payload)
LONGEST_HEADLINE = 100
# The key of the one leaf of what goes to no people.
TARGET = "target"


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom or what an action reaches, a leaf each; members of its groups who want no marketing are left out."""

    leaves: Sequence[Leaf]
    groups: Sequence[int] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Sketch:
    """Whom or what a draft would reach, as far as that can be told without freezing it."""

    names: Sequence[str]
    count: int


@dataclass(frozen=True, slots=True)
class Read:
    """An action as a person reads it before signing."""

    subject: str
    text: str
    sender: str = ""
    html: str = ""
    links: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Of whom an action is, and what they have set and connected."""

    session: Session
    settings: Settings
    tenant: TenantId


@dataclass(frozen=True, slots=True)
class Cost:
    """What an action is going to cost, and how that was reckoned."""

    amount: Decimal
    basis: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an approval goes that later actions draw on: so many deliveries, up to and with a last day."""

    most: int
    until: date


class Kind(ABC, Generic[P]):
    """One type of action."""

    payload: ClassVar[type[Payload]]
    main_field: ClassVar[str]
    """Of which field it is said what is wrong with a payload as a whole."""
    named_by: ClassVar[str]
    """The field that tells one action from another in a list."""
    looks_up: ClassVar[bool] = False
    """Whether what became of a delivery whose answer got lost can be seen where it went."""

    def headline(self, payload: Mapping[str, Any]) -> str:
        """What a stored payload is called in a list."""
        return str(payload.get(self.named_by, "")).partition("\n")[0][:LONGEST_HEADLINE]

    @abstractmethod
    def channel(self, payload: P) -> Channel:
        """What carries it."""

    @abstractmethod
    def content(self, payload: P, purpose: Purpose) -> dict[str, Any]:
        """What will be sent, the same for everyone it reaches; frozen as the manifest's template."""

    @abstractmethod
    def connection(self, around: Surroundings, payload: P) -> str:
        """Where it is handed over, by a name that tells one place from another, or `mock` where nothing is set."""

    @abstractmethod
    def audience(self, session: Session, action: Action, payload: P) -> Audience:
        """Whom or what it reaches, or NotReady."""

    @abstractmethod
    def sketch(self, session: Session, action: Action, payload: P) -> Sketch:
        """The same for a draft, changing nothing."""

    @abstractmethod
    def read(self, manifest: Mapping[str, Any], values: Mapping[str, Any]) -> Read: ...

    @abstractmethod
    def hand_over(self, sending: Sending, claim: Claim, carriers: Carriers) -> str:
        """Hands one delivery over and gives what was answered; whatever goes wrong is a ChannelError."""

    def look_up(self, sending: Sending, claim: Claim, carriers: Carriers) -> str | None:
        """What is seen there of a delivery whose answer got lost; None where nothing is."""
        del sending, claim, carriers
        return None

    def followed(self, template: Mapping[str, Any]) -> Sequence[str]:
        """The links that lead people to us and must say from where; none where that is told in another way."""
        del template
        return ()

    def stands_out(self, payload: P, purpose: Purpose) -> list[Finding]:
        """What of this type is worth a look before anybody signs it."""
        del payload, purpose
        return []

    def unwilling(self, session: Session, tenant: TenantId, claims: Sequence[Claim]) -> Collection[str]:
        """The keys of those who have said since that they want none, where that is kept for this type alone."""
        del session, tenant, claims
        return ()

    def is_said_once(self, payload: P) -> bool:
        """Whether saying the very same in the same place again would be a mistake."""
        del payload
        return False

    def currency(self, around: Surroundings, payload: P) -> str:
        """What its cost is reckoned in, where that is known and not the tenant's own."""
        del around, payload
        return ""

    @abstractmethod
    def rehearse(self, sending: Sending, claim: Claim) -> str:
        """What would have been handed over, for the log: no address of a person."""

    def envelope(self, settings: Settings, payload: P, purpose: Purpose) -> dict[str, str]:
        """Who it is from, and how its readers end it: nothing, but for mail."""
        del settings, payload, purpose
        return {"sender": "", "unsubscribe": ""}

    def cost(self, settings: Settings, payload: P, reached: int) -> Cost:
        """By the tenant's currency; what only costs somebody's time costs nothing."""
        del settings, payload, reached
        return Cost(Decimal(0), "nothing is charged for it")

    def standing(self, template: Mapping[str, Any]) -> Standing | None:
        """How far it stands for later actions; None where each is signed by itself."""
        del template
        return None

    def why_not_covered(
        self, template: Mapping[str, Any], type: ActionType, wanted: Mapping[str, Any]
    ) -> str:
        """Why an action of this content may not draw on it, or nothing where it may."""
        del template, type, wanted
        return "it stands for nothing but itself"

    def is_still_said(
        self, payload: P, manifest: Mapping[str, Any], reached: Iterable[Mapping[str, Any]]
    ) -> bool:
        """Whether a payload is the one that was frozen."""
        del reached
        return self.content(payload, Purpose(manifest["purpose"])) == manifest["template"]


def leaf(key: str, values: dict[str, Any], contact: ContactId | None = None) -> Leaf:
    return Leaf(key, contact, values, leaf_hash(key, values))


class ToOnePlace(Kind[P]):
    """A type that does not go to people but to one page, account or chat."""

    @abstractmethod
    def place(self, payload: P) -> str:
        """What it reaches, as people call it."""

    def audience(self, session: Session, action: Action, payload: P) -> Audience:
        del session, action
        return Audience([leaf(TARGET, {"target": self.place(payload)})])

    def sketch(self, session: Session, action: Action, payload: P) -> Sketch:
        del session, action
        return Sketch([self.place(payload)], 1)
