"""Consent at Meta: a code gives a token for an hour or two, and nobody says what was granted unless asked."""

from collections.abc import Mapping

import msgspec

from connectors.access_tokens import Issued, issue
from connectors.face import Consent, Wire
from connectors.meta_graph import ENDPOINT, WHERE, Graph, MetaCredentials

CONSENT = Consent(
    (
        "ads_read",
        "ads_management",
        "business_management",
        "pages_show_list",
        "pages_manage_posts",
        "pages_read_engagement",
        "read_insights",
        "instagram_basic",
        "instagram_content_publish",
        "instagram_manage_insights",
    )
)


class _Permission(msgspec.Struct):
    permission: str
    status: str


def settled(issued: Issued, app: Mapping[str, str], wire: Wire) -> Issued:
    """The token for about sixty days that Meta gives for the short one, and what people left ticked."""
    form = {
        "grant_type": "fb_exchange_token",
        "fb_exchange_token": issued.access_token,
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
    }
    token_url = wire.endpoint.or_default(ENDPOINT).token_url
    lasting = issue(wire, token_url, form, where=f"{WHERE} sign-in")
    credentials = MetaCredentials(access_token=lasting.access_token, client_secret=app["client_secret"])
    said = Graph(credentials, wire).each("me/permissions", {}, _Permission)
    granted = " ".join(each.permission for each in said if each.status == "granted")
    return msgspec.structs.replace(lasting, scope=granted)
