"""Where a click goes."""

from collections import Counter
from collections.abc import Sequence
from itertools import repeat
from urllib.parse import urlsplit

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import provisional as web
from hypothesis import strategies as st

from marketing_pipelines.events.user_agents import Device
from marketing_pipelines.links.refusals import NotUsable
from marketing_pipelines.links.targets import (
    LONGEST_TARGET,
    MOST_LANGUAGES,
    BlockList,
    Target,
    choose,
    languages_of,
    usable_target,
)

CHANCES = [number / 10_000 for number in range(10_000)]

USABLE = {
    "https://shop.example": "https://shop.example",
    " https://shop.example/sale\n": "https://shop.example/sale",
    "HTTPS://Shop.Example./Sale": "https://shop.example/Sale",
    "https://shop.example:443/": "https://shop.example/",
    "http://shop.example:0080?x": "http://shop.example?x",
    "http://shop.example:443/": "http://shop.example:443/",
    "http://localhost:8003/": "http://localhost:8003/",
    "https://shop.example/a b/ü?q=ä&r=%20#é": "https://shop.example/a%20b/%C3%BC?q=%C3%A4&r=%20#%C3%A9",
    "https://shop.example/100%?a=%zz%41": "https://shop.example/100%25?a=%25zz%41",
    'https://shop.example/"<x>`{}|^\\': "https://shop.example/%22%3Cx%3E%60%7B%7D%7C%5E%5C",
    "https://shop.example/a\u2028b": "https://shop.example/a%E2%80%A8b",
    "https://bücher.example/": "https://xn--bcher-kva.example/",
    "https://straße.example/": "https://xn--strae-oqa.example/",
    "https://食狮.公司.cn/": "https://xn--85x722f.xn--55qx5d.cn/",
    "https://ｓｈｏｐ.example/": "https://shop.example/",
    "http://203.0.113.7/": "http://203.0.113.7/",
    "http://[2001:DB8:0::1]:8080/": "http://[2001:db8::1]:8080/",
    "https://a_b.example/": "https://a_b.example/",
    "https://shop.example/@x:y": "https://shop.example/@x:y",
}
NOT_USABLE = {
    "": "whole",
    "shop.example": "whole",
    "//shop.example": "whole",
    "https:shop.example": "whole",
    "https:/shop.example": "whole",
    "javascript:alert(1)": "whole",
    "javascript://shop.example/%0aalert(1)": "whole",
    "data://text/html,x": "whole",
    "ftp://shop.example/": "whole",
    "mailto:ann@shop.example": "whole",
    "https://": "no host",
    "https:///a": "no host",
    "https://?a": "no host",
    "https://.": "is none",
    "https://ann@shop.example/": "user",
    "https://ann:secret@shop.example/": "user",
    "https://shop.example\\@evil.example/": "user",
    "https://shop.example\\x/": "is none",
    "https://shop example/": "is none",
    "https://%65vil.example/": "is none",
    "https://a..b/": "is none",
    "https://" + "a" * 64 + ".example/": "is none",
    "https://" + "a." * 130 + "example/": "is none",
    "https://xn\u200d--x.ü/": "registered",
    "http://2130706433/": "no address of a machine",
    "http://0x7f.1/": "no address of a machine",
    "http://127.1/": "no address of a machine",
    "http://010.0.0.1/": "no address of a machine",
    "http://１２７.１/": "no address of a machine",
    "http://[2001:db8::1/": "port",
    "http://[fe80::1%25eth0]/": "no address of a machine",
    "http://[::1]x/": "port",
    "http://shop.example:x/": "port",
    "http://shop.example:0/": "port",
    "http://shop.example:65536/": "port",
    "http://shop.example:1:2/": "port",
    "https://shop.example/a\r\nSet-Cookie: a=b": "control",
    "https://shop.example/a\tb": "control",
    "https://shop.example/\x00": "control",
    "https://shop.example/\x85x": "control",
    "https://shop.example/\ud800": "control",
    "https://shop.example/" + "a" * LONGEST_TARGET: "longer",
    "https://shop.example/" + "ü" * 1000: "once encoded",
}


@pytest.mark.parametrize(("written", "address"), USABLE.items())
def test_an_address_is_brought_into_the_one_spelling(written: str, address: str) -> None:
    assert usable_target(written) == address


@pytest.mark.parametrize(("written", "why"), NOT_USABLE.items())
def test_an_address_that_is_refused_says_why(written: str, why: str) -> None:
    with pytest.raises(NotUsable, match=why):
        usable_target(written)


@pytest.mark.parametrize(
    "written",
    [
        "https://go.example/r/spring",
        "https://GO.example./",
        "http://go.example:8080/",
        "https://ｇｏ.example/",
        "http://localhost:8001/r/x",
        "http://[::1]/",
    ],
)
def test_no_link_leads_back_to_the_redirector(written: str) -> None:
    with pytest.raises(NotUsable, match="leads back"):
        usable_target(written, own_hosts={"go.example", "localhost:8001", "[::1]:80"})


def test_a_host_that_is_ours_on_one_port_is_a_shop_on_another() -> None:
    own = {"localhost:8001"}
    assert usable_target("http://localhost:8003/", own_hosts=own) == "http://localhost:8003/"
    assert usable_target("https://logo.example/", own_hosts={"go.example"}) == "https://logo.example/"


@given(web.urls())
def test_ordinary_addresses_are_usable_and_keep_their_host(url: str) -> None:
    try:
        address = usable_target(url)
    except NotUsable:
        # A domain that ends in digits, which hypothesis makes and registries do not, or port 0.
        parts = urlsplit(url)
        assert parts.port == 0 or (parts.hostname or "").rpartition(".")[2][:1].isdigit()
        return
    assert urlsplit(address).hostname == (urlsplit(url).hostname or "").rstrip(".")


@given(st.text(max_size=200), st.text(max_size=40))
@example("", "[")
@example("٣", "١٢٧.٠.٠.١")
def test_whatever_is_written_is_one_safe_line_or_is_refused(path: str, host: str) -> None:
    for written in (
        path,
        f"https://shop.example/{path}",
        f"http://{host}",
        f"http://{host}.example:80/{path}",
    ):
        try:
            address = usable_target(written)
        except NotUsable:
            continue
        assert all(0x20 < ord(character) < 0x7F for character in address)
        assert address.startswith(("http://", "https://"))
        assert len(address) <= LONGEST_TARGET
        assert usable_target(address) == address


BLOCKED = BlockList(["evil.example", ".bad.example", "*.worse.example", "203.0.113.7", "bücher.example"])


@pytest.mark.parametrize(
    ("url", "is_blocked"),
    [
        ("https://evil.example/a", True),
        ("https://EVIL.example./a", True),
        ("https://evil.example:8443", True),
        ("https://ann@evil.example/", True),
        ("https://www.evil.example/", False),
        ("https://evil.example.org/", False),
        ("https://shop.example/?evil.example", False),
        ("https://shop.example#@evil.example", False),
        ("https://bad.example/", True),
        ("https://a.b.bad.example/", True),
        ("https://notbad.example/", False),
        ("https://x.worse.example/", True),
        ("http://203.0.113.7/", True),
        ("http://3405803783/", True),
        ("https://xn--bcher-kva.example/", True),
        ("https://bücher.example/", True),
        ("nothing", True),
        ("https:///", True),
    ],
)
def test_a_block_list_knows_hosts_and_all_below_a_suffix(url: str, is_blocked: bool) -> None:
    assert BLOCKED.blocks(url) is is_blocked


def test_an_empty_block_list_blocks_nobody() -> None:
    assert not BlockList([]).blocks("https://shop.example/")


@pytest.mark.parametrize("entry", ["", "*", "*evil.example", "https://evil.example", "a b", "..evil.example"])
def test_a_block_list_says_which_entry_is_no_host(entry: str) -> None:
    with pytest.raises(NotUsable, match="block list has the entry"):
        BlockList(["evil.example", entry])


def test_a_block_list_ends_somewhere() -> None:
    with pytest.raises(NotUsable, match="more than"):
        BlockList(repeat("evil.example"))


@given(st.text(max_size=100))
def test_a_block_list_has_an_answer_to_any_text(text: str) -> None:
    assert BLOCKED.blocks(f"https://{text}.bad.example/") or any(mark in text for mark in "/?#")
    assert BLOCKED.blocks(text) in (True, False)


LANGUAGES = {
    "de-AT,de;q=0.9,en;q=0.8": ("de-at", "de", "en"),
    "en;q=0.5, fr ; q=1.0 ,it": ("fr", "it", "en"),
    "de;q=0.5,en;Q=0.7": ("en", "de"),
    "de,de;q=0.1": ("de",),
    "en;q=0,de": ("de",),
    "*": (),
    "de,*;q=0.5": ("de",),
    "zh-Hans-CN": ("zh-hans-cn",),
    "": (),
    ",,": (),
    "de;q=2,en": ("en",),
    "de;q=0.1234,en": ("en",),
    "de;level=1,en": ("en",),
    "d_e,en": ("en",),
    "toolonglanguage,en": ("en",),
    "-,en": ("en",),
    "de" * 600: (),
}


@pytest.mark.parametrize(("header", "languages"), LANGUAGES.items())
def test_the_languages_of_a_header_come_in_the_order_they_are_liked(
    header: str, languages: tuple[str, ...]
) -> None:
    assert languages_of(header) == languages


@given(
    st.text(max_size=200) | st.lists(st.sampled_from(["de", "en-GB", ";q=0.5", "*", ",", "-"])).map("".join)
)
def test_any_header_gives_few_languages_and_each_once(header: str) -> None:
    languages = languages_of(header)
    assert len(languages) <= MOST_LANGUAGES
    assert len(set(languages)) == len(languages)
    assert all(language == language.lower() and language.isascii() for language in languages)


def target(name: str, weight: int = 1, **conditions: set[str]) -> Target:
    frozen = {condition: frozenset(values) for condition, values in conditions.items()}
    return msgspec.convert({"url": f"https://{name}.example", "weight": weight, **frozen}, Target)


def chosen(
    targets: Sequence[Target],
    country: str = "AT",
    device: Device = Device.MOBILE,
    languages: Sequence[str] = ("de-at", "en"),
    system: str = "iOS",
    chance: float = 0.0,
) -> str:
    found = choose(targets, country=country, device=device, languages=languages, system=system, chance=chance)
    return found.url.removeprefix("https://").removesuffix(".example") if found else ""


GENERAL = target("general")
AUSTRIAN = target("austrian", countries={"AT", "CH"})
GERMAN = target("german", languages={"de"})
ENGLISH = target("english", languages={"en"})
PHONES = target("phones", devices={"mobile", "tablet"})
IPHONES = target("iphones", systems={"iOS"})
AUSTRIAN_PHONES = target("austrian-phones", countries={"AT"}, devices={"mobile"})
NEVER = target("never", weight=0, countries={"AT"}, devices={"mobile"}, languages={"de"})


@pytest.mark.parametrize(
    ("targets", "visitor", "name"),
    [
        ([], {}, ""),
        ([GENERAL], {}, "general"),
        ([GENERAL, AUSTRIAN], {}, "austrian"),
        ([GENERAL, AUSTRIAN], {"country": "DE"}, "general"),
        ([GENERAL, AUSTRIAN], {"country": ""}, "general"),
        ([AUSTRIAN], {"country": "DE"}, ""),
        ([AUSTRIAN, AUSTRIAN_PHONES], {}, "austrian-phones"),
        ([AUSTRIAN, AUSTRIAN_PHONES], {"device": Device.DESKTOP}, "austrian"),
        ([PHONES], {"device": Device.TABLET}, "phones"),
        ([PHONES], {"device": Device.BOT}, ""),
        ([GENERAL, IPHONES], {}, "iphones"),
        ([GENERAL, IPHONES], {"system": "Android"}, "general"),
        ([GENERAL, GERMAN], {}, "german"),
        ([ENGLISH, GERMAN], {}, "german"),
        ([ENGLISH, GERMAN], {"languages": ("fr", "en", "de")}, "english"),
        ([ENGLISH, GERMAN], {"languages": ("fr",)}, ""),
        ([ENGLISH, GERMAN], {"languages": ()}, ""),
        ([target("austrian", languages={"de-at"}), GENERAL], {"languages": ("de",)}, "general"),
        ([target("den", languages={"d"}), GENERAL], {"languages": ("de",)}, "general"),
        ([NEVER, AUSTRIAN], {}, "austrian"),
        ([NEVER], {}, ""),
    ],
)
def test_the_most_specific_target_that_fits_is_taken(
    targets: list[Target], visitor: dict[str, object], name: str
) -> None:
    assert chosen(targets, **visitor) == name  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("weights", [(1, 1), (1, 3), (70, 30), (1, 2, 5), (1, 0, 1, 0), (1, 9999)])
def test_weights_are_shares_of_the_clicks(weights: tuple[int, ...]) -> None:
    targets = [target(f"t{number}", weight) for number, weight in enumerate(weights)]
    shares = Counter(chosen(targets, chance=chance) for chance in CHANCES)
    whole = sum(weights)
    assert shares == {
        f"t{number}": 10_000 * weight // whole for number, weight in enumerate(weights) if weight
    }


def test_a_group_shares_its_clicks_without_the_groups_behind_it() -> None:
    targets = [GENERAL, target("a", 1, countries={"AT"}), target("b", 4, countries={"AT"}), NEVER]
    assert Counter(chosen(targets, chance=chance) for chance in CHANCES) == {"a": 2000, "b": 8000}


@given(
    st.lists(st.builds(target, st.sampled_from("abc"), st.integers(0, 5)), max_size=5),
    st.floats(0, 1),
)
def test_somebody_gets_every_click_unless_all_weigh_nothing(targets: list[Target], chance: float) -> None:
    found = choose(targets, country="", device=Device.OTHER, languages=(), chance=chance)
    assert found in [each for each in targets if each.weight] if found else not any(t.weight for t in targets)


@pytest.mark.parametrize(
    "wrong",
    [
        {"weight": -1},
        {"weight": 10**7},
        {"variant_id": -1},
        {"countries": ["at"]},
        {"countries": ["AUT"]},
        {"languages": ["DE"]},
        {"systems": ["x" * 41]},
        {"systems": ["a\nb"]},
        {"languages": [""]},
        {"devices": ["toaster"]},
    ],
)
def test_a_target_that_cannot_be_is_not_built(wrong: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"url": "https://shop.example", **wrong}, Target)


def test_a_target_is_stored_without_what_goes_without_saying() -> None:
    assert msgspec.json.encode(GENERAL) == b'{"url":"https://general.example"}'
    assert msgspec.json.decode(msgspec.json.encode(PHONES), type=Target) == PHONES
