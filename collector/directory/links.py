"""From a link's record to the address it leads to, made ready before anyone asks. Pure."""

from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import msgspec

SCHEMES = frozenset({"http", "https"})
# What stays as it is in an address; all else, line breaks first of all, is percent-encoded.
ADDRESS_CHARACTERS = "%:/?#[]@!$&'()*+,;=-._~"

MEDIUM_OF_CHANNEL = {
    "email": "email",
    "sms": "sms",
    "paid_search": "cpc",
    "paid_social": "paid_social",
    "organic_search": "organic",
    "social": "social",
    "facebook": "social",
    "instagram": "social",
    "linkedin": "social",
    "x": "social",
    "tiktok": "social",
    "youtube": "social",
}
OTHER_MEDIUM = "referral"


class PreparedLink(msgspec.Struct, frozen=True, gc=False):
    """The target in two pieces, between which the click's id goes; no target where the record's is not allowed."""

    tenant_id: int
    link_id: int
    campaign_id: int
    before_click: bytes
    after_click: bytes
    without_click: bytes
    utm_source: str
    utm_medium: str
    utm_campaign: str
    is_archived: bool


def prepared(
    *,
    tenant_id: int,
    link_id: int,
    campaign_id: int | None,
    target_url: str,
    channel: str,
    utm_campaign: str | None,
    is_archived: bool,
) -> PreparedLink:
    source, medium = (channel, MEDIUM_OF_CHANNEL.get(channel, OTHER_MEDIUM)) if channel else ("", "")
    utm = {"utm_source": source, "utm_medium": medium, "utm_campaign": utm_campaign or ""}
    address = _tagged(target_url, utm)
    before, fragment = ("", "") if address is None else address
    joint = "&" if "?" in before else "?"
    return PreparedLink(
        tenant_id=tenant_id,
        link_id=link_id,
        campaign_id=campaign_id or 0,
        before_click=f"{before}{joint}mp_cid=".encode(),
        after_click=fragment.encode(),
        without_click=f"{before}{fragment}".encode(),
        is_archived=is_archived,
        **utm,
    )


def _tagged(target_url: str, utm: dict[str, str]) -> tuple[str, str] | None:
    """The address up to its fragment, with the tags it lacks, and the fragment; None for one that is not allowed."""
    address = quote(target_url.strip(), safe=ADDRESS_CHARACTERS)
    try:
        parts = urlsplit(address)
        if parts.scheme not in SCHEMES or not parts.hostname:
            return None
    except ValueError:
        return None
    present = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    missing = urlencode({name: value for name, value in utm.items() if value and name not in present})
    query = "&".join(part for part in (parts.query, missing) if part)
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    return parts._replace(query=query, fragment="").geturl(), fragment
