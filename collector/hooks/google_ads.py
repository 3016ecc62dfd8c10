"""Google Ads lead forms sign nothing: a key of our choosing comes back in each lead."""

from typing import Annotated

from msgspec import Meta, Struct
from msgspec.json import Decoder

from collector.hooks.calls import Call, Id, NotGenuine, Verified
from collector.hooks.proofs import is_among, token_of


class Lead(Struct, frozen=True):
    google_key: Annotated[str, Meta(max_length=500)]
    lead_id: Id
    is_test: bool = False


_lead = Decoder(Lead)


def verify(call: Call, secret: str) -> Verified:
    """All leads that Google Ads sends as a test may have the same id, and so none is given."""
    lead = call.json(_lead)
    if not is_among(token_of(secret), [lead.google_key.encode()]):
        raise NotGenuine(
            "The google_key is not the one kept here; enter the same as the key of the lead form."
        )
    return Verified(None if lead.is_test else lead.lead_id)
