"""The advertisers of the sandbox: their accounts, campaigns and ads, and the links that the ads lead to."""

from dataclasses import dataclass, replace
from enum import Enum, auto

from connectors.face import Channel


class Fate(Enum):
    """What has become of an ad."""

    SHOWN = auto()
    PAUSED = auto()
    IN_REVIEW = auto()
    REFUSED = auto()
    GONE = auto()


@dataclass(frozen=True, slots=True)
class Ad:
    id: str
    name: str
    utm_content: str
    fate: Fate = Fate.SHOWN
    headline: str = ""
    text: str = ""
    leads_to: str = ""


@dataclass(frozen=True, slots=True)
class Aim:
    """Whom an ad group is for: countries and languages by their codes, cities and lists of people by their names."""

    countries: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    ages: tuple[int, int] | None = None
    lists: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AdGroup:
    """What is `gone` is told only to who asks for it, and served nothing."""

    id: str
    name: str
    ads: tuple[Ad, ...]
    gone: tuple[Ad, ...] = ()
    aim: Aim = Aim()
    highest_bid: float = 0.5
    placements_are_chosen: bool = False


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
    gone: tuple[Campaign, ...] = ()


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
# By the numbers of campaign, ad group and creative.
_FATES = {(2, 2, 1): Fate.PAUSED, (3, 1, 2): Fate.IN_REVIEW, (3, 2, 2): Fate.REFUSED}
_SHOP = "https://shop.example"

LISTS = {"Newsletter readers": "7000000001", "Past buyers": "7000000002"}
"""The lists of people that all accounts have, by the numbers under which platforms keep them."""


@dataclass(frozen=True, slots=True)
class _Market:
    """Where an account advertises, and by which parameters its clicks are known."""

    countries: tuple[str, ...]
    city: str
    language: str
    source: str
    medium: str
    first_id: int
    rate: float

    def campaigns(self, offers: tuple[_Offer, ...]) -> tuple[Campaign, ...]:
        return tuple(self._campaign(offer, number) for number, offer in enumerate(offers, start=1))

    def gone(self, offers: tuple[_Offer, ...]) -> tuple[Campaign, ...]:
        """The last of them as it was run a year ago."""
        last = self._campaign(offers[-1], 9)
        return (replace(last, name=f"{last.name}, last year"),)

    def _campaign(self, offer: _Offer, number: int) -> Campaign:
        return Campaign(
            id=str(self.first_id + 1000 * number),
            name=offer.name,
            utm_campaign=offer.utm_campaign,
            ad_groups=tuple(
                self._ad_group(offer, number, group, audience)
                for group, audience in enumerate(offer.audiences, start=1)
            ),
            impressions=offer.impressions,
            click_rate=offer.click_rate,
            conversion_rate=offer.conversion_rate,
            cost_per_click=offer.cost_per_click * self.rate,
            order_value=offer.order_value * self.rate,
        )

    def _ad_group(self, offer: _Offer, number: int, group: int, audience: str) -> AdGroup:
        first = self.first_id + 1000 * number + 100 * group
        ads = tuple(
            self._ad(offer, audience, first + at, name, slug, _FATES.get((number, group, at), Fate.SHOWN))
            for at, (name, slug) in enumerate(_CREATIVES, start=1)
        )
        begun_with = self._ad(offer, audience, first + 9, "Plain", "plain", Fate.GONE)
        return AdGroup(
            id=str(first),
            name=audience,
            ads=ads,
            gone=(begun_with,) if (number, group) == (1, 1) else (),
            aim=Aim(
                countries=self.countries,
                cities=(self.city,) if number == 3 else (),
                languages=(self.language,),
                ages=(25, 54) if group == 1 else None,
                lists=("Newsletter readers",) if group == 2 else (),
                without=("Past buyers",) if group == 2 else (),
            ),
            highest_bid=round(offer.cost_per_click * 2 * self.rate, 0 if self.rate > 1 else 2),
            placements_are_chosen=group == 1,
        )

    def _ad(self, offer: _Offer, audience: str, number: int, name: str, slug: str, fate: Fate) -> Ad:
        content = f"{audience.lower().replace(' ', '-')}-{slug}"
        return Ad(
            id=str(number),
            name=f"{offer.name}: {audience}, {name}",
            utm_content=content,
            fate=fate,
            headline=f"{offer.name}, {slug}",
            text=f"{offer.name} for {audience.lower()}, made to last.",
            leads_to=f"{_SHOP}/{offer.utm_campaign}?utm_source={self.source}&utm_medium={self.medium}"
            f"&utm_campaign={offer.utm_campaign}&utm_content={content}",
        )


YEN_PER_EURO = 164.0
_BERLIN, _TOKYO = "Europe/Berlin", "Asia/Tokyo"
_EVERYWHERE = "UTC"  # LinkedIn's days, wherever the advertiser is

_HOME, _ABROAD = (("DE", "AT"), "Berlin", "de"), (("JP",), "Tokyo", "ja")


def _account(
    channel: Channel,
    number: str,
    name: str,
    currency: str,
    time_zone: str,
    parameters: tuple[str, str],
    offers: tuple[_Offer, ...],
    first_id: int,
) -> AdAccount:
    is_abroad = currency == "JPY"
    market = _Market(
        *(_ABROAD if is_abroad else _HOME), *parameters, first_id, YEN_PER_EURO if is_abroad else 1.0
    )
    return AdAccount(
        channel,
        number,
        name,
        currency,
        0 if is_abroad else 2,
        time_zone,
        *parameters,
        market.campaigns(offers),
        market.gone(offers),
    )


_SEARCH, _FACEBOOK, _LINKEDIN = ("google", "cpc"), ("facebook", "paid_social"), ("linkedin", "paid_social")
_TIKTOK = ("tiktok", "paid_social")
_REDDIT = ("reddit", "paid_social")
_X = ("twitter", "paid_social")

ACCOUNTS: tuple[AdAccount, ...] = (
    _account(
        Channel.GOOGLE_ADS, "1112223333", "Lindgrün Search", "EUR", _BERLIN, _SEARCH,
        _SEARCH_OFFERS, 21_000_000_000,
    ),
    _account(
        Channel.GOOGLE_ADS, "4445556666", "Lindgrün Search Japan", "JPY", _TOKYO, _SEARCH,
        _SEARCH_OFFERS, 22_000_000_000,
    ),
    _account(
        Channel.META, "555000111", "Lindgrün Social", "EUR", _BERLIN, _FACEBOOK,
        _SOCIAL_OFFERS, 23_850_000_000_000_000,
    ),
    _account(
        Channel.META, "555000222", "Lindgrün Social Japan", "JPY", _TOKYO, _FACEBOOK,
        _SOCIAL_OFFERS, 23_860_000_000_000_000,
    ),
    _account(
        Channel.LINKEDIN, "500600100", "Lindgrün Business", "EUR", _EVERYWHERE, _LINKEDIN,
        _BUSINESS_OFFERS, 610_000_000,
    ),
    _account(
        Channel.LINKEDIN, "500600200", "Lindgrün Business Japan", "JPY", _EVERYWHERE, _LINKEDIN,
        _BUSINESS_OFFERS, 620_000_000,
    ),
    _account(
        Channel.TIKTOK, "7012345678901230111", "Lindgrün Video", "EUR", _BERLIN, _TIKTOK,
        _SOCIAL_OFFERS, 1_790_000_000_000_000,
    ),
    _account(
        Channel.TIKTOK, "7012345678901230222", "Lindgrün Video Japan", "JPY", _TOKYO, _TIKTOK,
        _SOCIAL_OFFERS, 1_790_100_000_000_000,
    ),
    _account(
        Channel.REDDIT, "a2_h7lindgrn1", "Lindgrün Community", "EUR", _BERLIN, _REDDIT,
        _SOCIAL_OFFERS, 2_150_000_000_000_000_000,
    ),
    _account(
        Channel.REDDIT, "a2_h7lindgrn2", "Lindgrün Community Japan", "JPY", _TOKYO, _REDDIT,
        _SOCIAL_OFFERS, 2_160_000_000_000_000_000,
    ),
    _account(
        Channel.X, "18ce54d4x5t", "Lindgrün on X", "EUR", _BERLIN, _X,
        _SOCIAL_OFFERS, 640_000_000,
    ),
    _account(
        Channel.X, "18ce55gze09", "Lindgrün on X, Japan", "JPY", _TOKYO, _X,
        _SOCIAL_OFFERS, 650_000_000,
    ),
)  # fmt: skip


def accounts_of(channel: Channel) -> tuple[AdAccount, ...]:
    return tuple(account for account in ACCOUNTS if account.channel is channel)


def account(channel: Channel, number: str) -> AdAccount | None:
    return next((known for known in accounts_of(channel) if known.id == number), None)
