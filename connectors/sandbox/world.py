"""The advertisers of the sandbox: their accounts, campaigns and ads, and the links that the ads lead to."""

from dataclasses import dataclass

from connectors.face import Channel


@dataclass(frozen=True, slots=True)
class Ad:
    id: str
    name: str
    utm_content: str


@dataclass(frozen=True, slots=True)
class AdGroup:
    id: str
    name: str
    ads: tuple[Ad, ...]


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign and how it tends to do: an ad's impressions a day, its rates, and money in the account's currency."""

    id: str
    name: str
    utm_campaign: str
    ad_groups: tuple[AdGroup, ...]
    impressions: int
    click_rate: float
    conversion_rate: float
    cost_per_click: float
    order_value: float


@dataclass(frozen=True, slots=True)
class AdAccount:
    channel: Channel
    id: str
    name: str
    currency: str
    decimals: int
    time_zone: str
    utm_source: str
    utm_medium: str
    campaigns: tuple[Campaign, ...]


@dataclass(frozen=True, slots=True)
class _Offer:
    """What a campaign is about, in euros, before an account makes it its own."""

    name: str
    utm_campaign: str
    audiences: tuple[str, str]
    impressions: int
    click_rate: float
    conversion_rate: float
    cost_per_click: float
    order_value: float


_SEARCH_OFFERS = (
    _Offer("Brand search", "brand-search", ("Exact", "Phrase"), 220, 0.062, 0.075, 0.35, 74.0),
    _Offer("Autumn sale", "autumn-sale", ("Coats", "Boots"), 460, 0.024, 0.042, 0.72, 88.0),
    _Offer("New arrivals", "new-arrivals", ("Knitwear", "Bags"), 390, 0.019, 0.026, 0.81, 96.0),
)
_SOCIAL_OFFERS = (
    _Offer("Autumn sale", "autumn-sale", ("Broad", "Lookalike"), 980, 0.011, 0.031, 0.48, 82.0),
    _Offer("Lookbook", "lookbook", ("Interests", "Video viewers"), 1250, 0.008, 0.014, 0.39, 79.0),
    _Offer("Come back", "come-back", ("Basket left", "Past buyers"), 310, 0.021, 0.066, 0.63, 91.0),
)
_BUSINESS_OFFERS = (
    _Offer("Team wear", "team-wear", ("HR leads", "Office managers"), 520, 0.0095, 0.038, 5.40, 640.0),
    _Offer("Company gifts", "company-gifts", ("Founders", "Executive assistants"), 450, 0.0105, 0.045, 6.10, 520.0),
    _Offer("Wholesale", "wholesale", ("Buyers", "Shop owners"), 380, 0.0085, 0.03, 7.20, 980.0),
)  # fmt: skip
_CREATIVES = (("Calm", "calm"), ("Bold", "bold"))


def _campaigns(offers: tuple[_Offer, ...], first_id: int, rate: float) -> tuple[Campaign, ...]:
    return tuple(
        Campaign(
            id=str(first_id + 1000 * number),
            name=offer.name,
            utm_campaign=offer.utm_campaign,
            ad_groups=tuple(
                AdGroup(
                    id=str(first_id + 1000 * number + 100 * group),
                    name=audience,
                    ads=tuple(
                        Ad(
                            id=str(first_id + 1000 * number + 100 * group + creative),
                            name=f"{offer.name}: {audience}, {name}",
                            utm_content=f"{audience.lower().replace(' ', '-')}-{slug}",
                        )
                        for creative, (name, slug) in enumerate(_CREATIVES, start=1)
                    ),
                )
                for group, audience in enumerate(offer.audiences, start=1)
            ),
            impressions=offer.impressions,
            click_rate=offer.click_rate,
            conversion_rate=offer.conversion_rate,
            cost_per_click=offer.cost_per_click * rate,
            order_value=offer.order_value * rate,
        )
        for number, offer in enumerate(offers, start=1)
    )


YEN_PER_EURO = 164.0
_BERLIN, _TOKYO = "Europe/Berlin", "Asia/Tokyo"
_EVERYWHERE = "UTC"  # LinkedIn's days, wherever the advertiser is

ACCOUNTS: tuple[AdAccount, ...] = (
    AdAccount(
        Channel.GOOGLE_ADS, "1112223333", "Lindgrün Search", "EUR", 2, _BERLIN, "google", "cpc",
        _campaigns(_SEARCH_OFFERS, 21_000_000_000, 1.0),
    ),
    AdAccount(
        Channel.GOOGLE_ADS, "4445556666", "Lindgrün Search Japan", "JPY", 0, _TOKYO, "google", "cpc",
        _campaigns(_SEARCH_OFFERS, 22_000_000_000, YEN_PER_EURO),
    ),
    AdAccount(
        Channel.META, "555000111", "Lindgrün Social", "EUR", 2, _BERLIN, "facebook", "paid_social",
        _campaigns(_SOCIAL_OFFERS, 23_850_000_000_000_000, 1.0),
    ),
    AdAccount(
        Channel.META, "555000222", "Lindgrün Social Japan", "JPY", 0, _TOKYO, "facebook", "paid_social",
        _campaigns(_SOCIAL_OFFERS, 23_860_000_000_000_000, YEN_PER_EURO),
    ),
    AdAccount(
        Channel.LINKEDIN, "500600100", "Lindgrün Business", "EUR", 2, _EVERYWHERE, "linkedin", "paid_social",
        _campaigns(_BUSINESS_OFFERS, 610_000_000, 1.0),
    ),
    AdAccount(
        Channel.LINKEDIN, "500600200", "Lindgrün Business Japan", "JPY", 0, _EVERYWHERE, "linkedin", "paid_social",
        _campaigns(_BUSINESS_OFFERS, 620_000_000, YEN_PER_EURO),
    ),
)  # fmt: skip


def accounts_of(channel: Channel) -> tuple[AdAccount, ...]:
    return tuple(account for account in ACCOUNTS if account.channel is channel)


def account(channel: Channel, number: str) -> AdAccount | None:
    return next((known for known in accounts_of(channel) if known.id == number), None)
