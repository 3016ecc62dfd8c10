"""Lindgrün, the invented shop: what it sells, how people find it, and what it tries out."""

from dataclasses import dataclass

from connectors.face import Channel as AdChannel
from connectors.sandbox.places import places_of
from connectors.sandbox.world import AdAccount, account
from marketing_pipelines.events.channels import Channel

NAME = "Lindgrün"
TENANT = "demo"
CURRENCY = "EUR"
TIME_ZONE = "Europe/Berlin"


@dataclass(frozen=True, slots=True)
class Product:
    slug: str
    name: str
    price: int
    blurb: str
    hue: int

    @property
    def path(self) -> str:
        return f"/products/{self.slug}"


PRODUCTS = (
    Product(
        "moss-cardigan", "Moss cardigan", 89, "Undyed merino, knitted in one piece, mended for free.", 96
    ),
    Product("harbour-coat", "Harbour coat", 189, "Waxed cotton that outlives three fashions.", 205),
    Product("linen-shirt", "Linen shirt", 59, "Washed soft, cut wide, buttons of nut.", 42),
    Product("walking-boots", "Walking boots", 149, "Resoled as often as you like.", 24),
    Product("canvas-bag", "Canvas bag", 45, "Holds a week's market and a loaf on top.", 165),
    Product("wool-scarf", "Wool scarf", 39, "Two metres of winter, from a herd near Husum.", 348),
)


@dataclass(frozen=True, slots=True)
class Campaign:
    name: str
    utm_campaign: str
    objective: str


NEWSLETTER = Campaign(
    "Autumn letter", "autumn-letter", "Bring former customers back with a letter every Thursday"
)
CAMPAIGNS = (
    Campaign("Brand search", "brand-search", "Be found by those who already know the name"),
    Campaign("Autumn sale", "autumn-sale", "Sell the coats and boots of last season"),
    Campaign("New arrivals", "new-arrivals", "Introduce the knitwear and the bags"),
    Campaign("Lookbook", "lookbook", "Show how the autumn collection is worn"),
    Campaign("Come back", "come-back", "Remind people of the basket they left"),
    Campaign("Team wear", "team-wear", "Dress whole offices"),
    Campaign("Company gifts", "company-gifts", "Be what companies give at the end of the year"),
    Campaign("Wholesale", "wholesale", "Find shops that sell the coats"),
    NEWSLETTER,
)


@dataclass(frozen=True, slots=True)
class Link:
    """A short link: its channel is empty where the click happens on the shop's own pages."""

    slug: str
    path: str
    channel: Channel | None = None
    utm: str = ""
    utm_campaign: str = ""

    def target(self, site: str) -> str:
        return f"{site}{self.path}{'?' + self.utm if self.utm else ''}"


LETTER_LINK = Link(
    "lg-letter", "/", Channel.EMAIL,
    "utm_source=newsletter&utm_medium=email&utm_campaign=autumn-letter", NEWSLETTER.utm_campaign,
)  # fmt: skip
BIO_LINK = Link("lg-bio", "/", Channel.ORGANIC_SOCIAL, "utm_source=instagram&utm_medium=social")
PRESS_LINK = Link(
    "lg-press", "/products/harbour-coat", Channel.REFERRAL, "utm_source=magazine&utm_medium=referral"
)


@dataclass(frozen=True, slots=True)
class Variant:
    """`rate` is the truth that the bandit has to find out: how many of those who see it click."""

    name: str
    headline: str
    link: Link
    rate: float


@dataclass(frozen=True, slots=True)
class Experiment:
    name: str
    hypothesis: str
    path: str
    """The page that shows it; one that ends in a slash stands for all pages below it, and `/` for itself."""
    variants: tuple[Variant, Variant]


HERO = Experiment(
    "Front page headline",
    "A headline about lasting sells more than one about the season",
    "/",
    (
        Variant(
            "lasting", "Made once, worn for years", Link("lg-hero-lasting", "/products/moss-cardigan"), 0.13
        ),
        Variant("season", "Autumn is here", Link("lg-hero-season", "/products/harbour-coat"), 0.08),
    ),
)
CALL_TO_ACTION = Experiment(
    "Product page button",
    "Trying at home is a smaller step than buying",
    "/products/",
    (
        Variant("basket", "See the size guide", Link("lg-size-guide", "/guide"), 0.09),
        Variant("try", "Try it at home for 14 days", Link("lg-try-at-home", "/guide"), 0.11),
    ),
)
EXPERIMENTS = (HERO, CALL_TO_ACTION)


def experiment_on(path: str) -> Experiment | None:
    """What is tried out on a page."""
    for experiment in EXPERIMENTS:
        if path == experiment.path or (experiment.path != "/" and path.startswith(experiment.path)):
            return experiment
    return None


LINKS = (LETTER_LINK, BIO_LINK, PRESS_LINK, *(v.link for e in EXPERIMENTS for v in e.variants))


def _advertised(channel: AdChannel, number: str) -> AdAccount:
    found = account(channel, number)
    assert found is not None, f"the sandbox has no {channel} account {number}"
    return found


AD_ACCOUNTS = (
    _advertised(AdChannel.GOOGLE_ADS, "1112223333"),
    _advertised(AdChannel.META, "555000111"),
    _advertised(AdChannel.LINKEDIN, "500600100"),
    _advertised(AdChannel.TIKTOK, "7012345678901230111"),
    _advertised(AdChannel.REDDIT, "a2_h7lindgrn1"),
    _advertised(AdChannel.X, "18ce54d4x5t"),
)

# Where the shop publishes; its posts are read like everybody's.
PLACES = tuple(
    place
    for channel in (AdChannel.META, AdChannel.LINKEDIN, AdChannel.YOUTUBE)
    for place in places_of(channel)
    if "Japan" not in place.name
)
