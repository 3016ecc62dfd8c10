"""Posts on social networks."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from connectors import POST_LIMITS
from connectors.face import Connector
from connectors.publishing import Declared, Network, Post, PostLimits, Visibility
from marketing_pipelines.email import addresses, links
from marketing_pipelines.outbound import destinations, preflight
from marketing_pipelines.outbound.destinations import Destination
from marketing_pipelines.outbound.kinds.face import (
    Cost,
    Line,
    Link,
    Payload,
    PlatformId,
    Read,
    Surroundings,
    not_blank,
)
from marketing_pipelines.outbound.kinds.through_connection import ThroughConnection, chosen, publisher
from marketing_pipelines.outbound.sending import Sending
from store.records.actions import Channel, Purpose
from store.records.database import Session
from store.records.delivery_chunks import Claim
from store.records.schema import TenantId
from store.settings import Settings

_CARRIED_BY = {
    Network.FACEBOOK: Channel.META,
    Network.INSTAGRAM: Channel.META,
    Network.LINKEDIN: Channel.LINKEDIN,
    Network.TIKTOK: Channel.TIKTOK_ACCOUNT,
    Network.REDDIT: Channel.REDDIT,
    Network.YOUTUBE: Channel.YOUTUBE,
    Network.X: Channel.X,
    Network.BUFFER: Channel.BUFFER,
}
NETWORKS = tuple(_CARRIED_BY)
LIMITS: Mapping[Network, PostLimits] = {network: POST_LIMITS[network] for network in NETWORKS}


class SocialPostPayload(Payload):
    """`place` is the network's own id of the page or profile; it is needed where several are connected.

    Where a network shows videos, `image` is the address of one; what follows `place` is for videos.
    """

    network: Annotated[Network, Field(strict=False)]
    text: Annotated[
        str,
        Field(max_length=max(limits.longest_text for limits in LIMITS.values())),
        AfterValidator(not_blank),
        AfterValidator(addresses.body),
    ]
    link: Link | None = None
    image: Link | None = None
    place: PlatformId | None = None
    title: Line | None = None
    tags: Annotated[list[Line], Field(max_length=100)] | None = None
    visibility: Annotated[Visibility, Field(strict=False)] | None = None
    made_for_kids: bool | None = None
    synthetic: bool | None = None

    @model_validator(mode="after")
    def _fits_the_network(self) -> "SocialPostPayload":
        if self.network not in NETWORKS:
            raise ValueError(f"{self.network} takes messages, not posts")
        limits = LIMITS[self.network]
        if self._says_what_videos_say() and not limits.shows_video:
            raise ValueError(f"{self.network} shows no videos: leave out what is said of one")
        why = preflight.why_not_posted(limits, _post(self.frozen()))
        if why:
            raise ValueError(f"{self.network} {why}")
        return self

    def frozen(self) -> dict[str, Any]:
        """What is signed of it, and sent."""
        said: dict[str, Any] = {
            "network": self.network.value,
            "text": self.text,
            "link": self.link or "",
            "image": self.image or "",
        }
        if not LIMITS[self.network].shows_video:
            return said
        return said | {
            "title": self.title or "",
            "tags": self.tags or [],
            "visibility": (self.visibility or Visibility.PUBLIC).value,
            "made_for_kids": self.made_for_kids,
            "synthetic": self.synthetic,
        }

    def _says_what_videos_say(self) -> bool:
        said = (self.title, self.tags, self.visibility, self.made_for_kids, self.synthetic)
        return any(each is not None for each in said)


class SocialPost(ThroughConnection[SocialPostPayload]):
    payload = SocialPostPayload
    main_field = "text"
    named_by = "text"

    def channel(self, payload: SocialPostPayload) -> Channel:
        return _CARRIED_BY[payload.network]

    def content(self, payload: SocialPostPayload, purpose: Purpose) -> dict[str, Any]:
        del purpose
        return payload.frozen()

    def is_said_once(self, payload: SocialPostPayload) -> bool:
        del payload
        return True

    def currency(self, around: Surroundings, payload: SocialPostPayload) -> str:
        del around
        price = LIMITS[payload.network].price
        return price.currency if price else ""

    def cost(self, settings: Settings, payload: SocialPostPayload, reached: int) -> Cost:
        """What the network charges, by its own list of prices."""
        price = LIMITS[payload.network].price
        if price is None:
            return super().cost(settings, payload, reached)
        amount = price.of(payload.text, payload.link or "")
        leads = "with a link" if amount == price.with_link else "without a link"
        return Cost(amount, f"{amount} {price.currency} for a post {leads}, by the network's list of prices")

    def place(self, payload: SocialPostPayload) -> str:
        return f"{payload.network.capitalize()} {payload.place or ''}".strip()

    def destination(
        self, session: Session, tenant: TenantId, payload: SocialPostPayload
    ) -> Destination | None:
        return chosen(destinations.places(session, tenant, payload.network), payload.place, "place")

    def followed(self, template: Mapping[str, Any]) -> Sequence[str]:
        return [*filter(None, [template["link"]]), *links.found_in(template["text"], "")]

    def read(self, manifest: Mapping[str, Any], values: Mapping[str, Any]) -> Read:
        post = manifest["template"]
        facts = "\n".join(f"{name}: {value}" for name, value in said_of_a_video(post).items())
        parts = (post["text"], post["link"], post["image"], facts)
        text = "\n\n".join(part for part in parts if part)
        where = f": {values['name']}" if values.get("name") else ""
        return Read(f"Post on {post['network'].capitalize()}{where}", text, links=links.found_in(text, ""))

    def carry_out(self, sending: Sending, claim: Claim, opened: Connector) -> str:
        network, post = _signed(sending)
        told = publisher(opened).publish(claim.values["id"], network, post)
        return f"published: {told.url or told.id}"

    def found(self, sending: Sending, claim: Claim, opened: Connector) -> str | None:
        network, post = _signed(sending)
        told = publisher(opened).published_since(
            claim.values["id"], network, post, sending.approved.submitted_at
        )
        return f"published: {told.url or told.id}" if told else None


def _signed(sending: Sending) -> tuple[Network, Post]:
    said = sending.approved.manifest["template"]
    return Network(said["network"]), _post(said)


def _post(said: Mapping[str, Any]) -> Post:
    """Of pictures nothing more is said than words and addresses."""
    return Post(
        text=said["text"],
        link=said["link"],
        image=said["image"],
        title=said.get("title", ""),
        tags=tuple(said.get("tags", ())),
        visibility=Visibility(said.get("visibility", Visibility.PUBLIC)),
        declared=_declared(said.get("made_for_kids"), said.get("synthetic")),
    )


def _declared(is_made_for_kids: bool | None, is_synthetic: bool | None) -> Declared | None:
    """Half of it is not enough."""
    if is_made_for_kids is None or is_synthetic is None:
        return None
    return Declared(is_made_for_kids=is_made_for_kids, is_synthetic=is_synthetic)


def said_of_a_video(template: Mapping[str, Any]) -> dict[str, str]:
    """What is signed of a video beside its words, as people read it; nothing where there is none."""
    if "visibility" not in template:
        return {}
    yes_or_no = {True: "yes", False: "no", None: "not said"}
    facts = {
        "Title": template["title"],
        "Tags": ", ".join(template["tags"]),
        "Who may see it": template["visibility"],
        "Made for kids": yes_or_no[template["made_for_kids"]],
        "Altered or made up, and looks real": yes_or_no[template["synthetic"]],
    }
    return {name: value for name, value in facts.items() if value}
