"""Posts on social networks."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from marketing_pipelines.email import addresses, links
from marketing_pipelines.outbound.kinds.face import Link, Payload, Read, not_blank
from marketing_pipelines.outbound.kinds.unconnected import Unconnected
from store.records.actions import Channel, Purpose


class Network(StrEnum):
    FACEBOOK = "facebook"
    INSTAGRAM = "instagram"
    LINKEDIN = "linkedin"


# The longest text each network takes.
LONGEST = {Network.FACEBOOK: 63_206, Network.INSTAGRAM: 2_200, Network.LINKEDIN: 3_000}
_CARRIED_BY = {
    Network.FACEBOOK: Channel.META,
    Network.INSTAGRAM: Channel.META,
    Network.LINKEDIN: Channel.LINKEDIN,
}


class SocialPostPayload(Payload):
    network: Annotated[Network, Field(strict=False)]
    text: Annotated[
        str,
        Field(max_length=max(LONGEST.values())),
        AfterValidator(not_blank),
        AfterValidator(addresses.body),
    ]
    link: Link | None = None
    image: Link | None = None

    @model_validator(mode="after")
    def _fits_the_network(self) -> "SocialPostPayload":
        most = LONGEST[self.network]
        if len(self.text) > most:
            raise ValueError(f"{self.network} takes {most:,} characters, this has {len(self.text):,}")
        if self.network is Network.INSTAGRAM and self.image is None:
            raise ValueError("instagram takes no post without an image")
        return self


class SocialPost(Unconnected[SocialPostPayload]):
    payload = SocialPostPayload
    main_field = "text"
    named_by = "text"

    def channel(self, payload: SocialPostPayload) -> Channel:
        return _CARRIED_BY[payload.network]

    def content(self, payload: SocialPostPayload, purpose: Purpose) -> dict[str, Any]:
        del purpose
        return {
            "network": payload.network.value,
            "text": payload.text,
            "link": payload.link or "",
            "image": payload.image or "",
        }

    def place(self, payload: SocialPostPayload) -> str:
        return payload.network.capitalize()

    def read(self, manifest: Mapping[str, Any], values: Mapping[str, Any]) -> Read:
        del values
        post = manifest["template"]
        text = "\n\n".join(part for part in (post["text"], post["link"], post["image"]) if part)
        return Read(f"Post on {post['network'].capitalize()}", text, links=links.found_in(text, ""))
