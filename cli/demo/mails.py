"""The mails that wait in the demo: two drafts, and two that ask to be read and approved by a person."""

from dataclasses import dataclass

from cli.demo import shop
from cli.demo.presence import find
from marketing_pipelines.outbound import payloads
from marketing_pipelines.outbound.freeze import freeze
from store.audit import Actor, ActorKind
from store.records import Session, actions
from store.records.actions import Action, ActionType, Purpose
from store.records.schema import ActionId, CampaignId, TenantId, UserId
from store.settings import Service, Settings

SENDER = f"{shop.NAME} <hello@lindgruen.example>"
_CUSTOMERS = tuple(
    f"{name}@customers.example"
    for name in ("anna", "bruno", "cem", "dilara", "emil", "frieda", "gustav", "hanne", "ines", "jonas")
)


@dataclass(frozen=True, slots=True)
class _Mail:
    title: str
    subject: str
    text: str
    recipients: tuple[str, ...]
    submitted: bool
    purpose: Purpose = Purpose.MARKETING
    utm_campaign: str = shop.NEWSLETTER.utm_campaign

    def payload(self, collector: str) -> dict[str, object]:
        link = f"{collector}/r/{shop.LETTER_LINK.slug}"
        paragraphs = "".join(f"<p>{part}</p>" for part in self.text.split("\n\n"))
        return {
            "recipients": list(self.recipients),
            "subject": self.subject,
            "body": f"{self.text}\n\n{link}\n",
            "html": f"<h1>{self.subject}</h1>{paragraphs}<p><a href='{link}'>To the shop</a></p>",
            "sender": SENDER,
        }


_MAILS = (
    _Mail(
        "Autumn letter: the first frost",
        "The first frost, and what to wear to it",
        "Hello,\n\nthe moss cardigan is back in all sizes, knitted from this spring's wool.\n\nYour Lindgrün",
        _CUSTOMERS,
        submitted=True,
    ),
    _Mail(
        "Repair vouchers for coat owners",
        "Your coat's next five years are on us",
        "Hello,\n\nbring your harbour coat before the end of the month and we wax it for free.\n\nYour Lindgrün",
        _CUSTOMERS[:4],
        submitted=True,
        utm_campaign="autumn-sale",
    ),
    _Mail(
        "Welcome to new subscribers",
        "Welcome to Lindgrün",
        "Hello,\n\nglad you are here. One letter a week, never more.\n\nYour Lindgrün",
        _CUSTOMERS[6:],
        submitted=False,
    ),
    _Mail(
        "Boots: when to resole",
        "Are your boots due for new soles?",
        "Hello,\n\nafter two winters most are. This is how you tell.\n\nYour Lindgrün",
        _CUSTOMERS[3:7],
        submitted=False,
        purpose=Purpose.LEGITIMATE_INTEREST,
        utm_campaign="come-back",
    ),
)


def settle(
    session: Session, settings: Settings, tenant: TenantId, author: UserId, campaigns: dict[str, int]
) -> None:
    """Each mail once: what people did with it since stays."""
    house = _sending_to_the_demo(settings)
    for mail in _MAILS:
        if find(session, Action, tenant_id=tenant, title=mail.title) is None:
            _write(session, house, tenant, author, mail, campaigns)


def are_written(session: Session, tenant: TenantId) -> bool:
    return all(find(session, Action, tenant_id=tenant, title=mail.title) for mail in _MAILS)


def _write(
    session: Session,
    settings: Settings,
    tenant: TenantId,
    author: UserId,
    mail: _Mail,
    campaigns: dict[str, int],
) -> None:
    actor = Actor(ActorKind.USER, str(author))
    checked = payloads.checked(ActionType.EMAIL, mail.payload(settings.address(Service.COLLECTOR)))
    action = actions.create(
        session,
        tenant,
        actor,
        type=ActionType.EMAIL,
        channel=checked.channel,
        payload=checked.payload,
        purpose=mail.purpose,
        title=mail.title,
        author=author,
        campaign=CampaignId(campaigns[mail.utm_campaign]),
    )
    if mail.submitted:
        held = actions.locked(session, tenant, ActionId(action.id))
        assert held is not None
        actions.submit(session, held, freeze(session, settings, held), actor, by=author)


def _sending_to_the_demo(settings: Settings) -> Settings:
    """The manifest names the mail server: without another one it is the demo's own."""
    if settings.sends_mail:
        return settings
    port = settings.port(Service.DEMO_SMTP)
    return settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": False})
