"""What is added to a target."""

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.links.parameters import LONGEST_MERGED, MOST_MERGED, merged, tagged

ALLOWED = frozenset({"gclid", "utm_term", "a b"})
SHOP = "https://shop.example/a"

MERGED = {
    (SHOP, ""): SHOP,
    (SHOP, "gclid=Abc"): f"{SHOP}?gclid=Abc",
    (SHOP, "x=1&gclid=Abc&y"): f"{SHOP}?gclid=Abc",
    (SHOP, "utm_term=red+shoes&gclid=1"): f"{SHOP}?utm_term=red+shoes&gclid=1",
    (SHOP, "utm_term=red%20shoes"): f"{SHOP}?utm_term=red+shoes",
    (SHOP, "utm_term=%C3%BC%FF%0d%0a"): f"{SHOP}?utm_term=%C3%BC%FF%0D%0A",
    (SHOP, "utm_term=ü"): f"{SHOP}?utm_term=%C3%BC",
    (SHOP, "utm_term=a%26b%3D1%23x"): f"{SHOP}?utm_term=a%26b%3D1%23x",
    (SHOP, "utm_term=a=b"): f"{SHOP}?utm_term=a%3Db",
    (SHOP, "GCLID=1"): f"{SHOP}?GCLID=1",
    (SHOP, "%67clid=1"): f"{SHOP}?gclid=1",
    (SHOP, "a+b=1"): f"{SHOP}?a+b=1",
    (SHOP, "gclid"): f"{SHOP}?gclid=",
    (SHOP, "gclid=1&gclid=2"): f"{SHOP}?gclid=1",
    (f"{SHOP}?gclid=own", "gclid=1"): f"{SHOP}?gclid=own",
    (f"{SHOP}?GCLID", "gclid=1"): f"{SHOP}?GCLID",
    (f"{SHOP}?%67clid=own", "gclid=1"): f"{SHOP}?%67clid=own",
    (f"{SHOP}?size=m#top", "gclid=1"): f"{SHOP}?size=m&gclid=1#top",
    (f"{SHOP}#top?gclid=2", "gclid=1"): f"{SHOP}?gclid=1#top?gclid=2",
    (f"{SHOP}?", "gclid=1"): f"{SHOP}?gclid=1",
    (f"{SHOP}?size=m&", "gclid=1"): f"{SHOP}?size=m&gclid=1",
    ("https://shop.example", "gclid=1"): "https://shop.example?gclid=1",
    (SHOP, "gclid=" + "x" * LONGEST_MERGED): SHOP,
}


@pytest.mark.parametrize(("given_", "address"), MERGED.items())
def test_what_is_allowed_goes_on_to_the_target(given_: tuple[str, str], address: str) -> None:
    assert merged(*given_, ALLOWED) == address


def test_without_an_allow_list_nothing_goes_on() -> None:
    assert merged(SHOP, "gclid=1", frozenset()) == SHOP


def test_only_so_many_parameters_go_on() -> None:
    allowed = frozenset(f"p{number}" for number in range(50))
    address = merged(SHOP, "&".join(f"{name}=1" for name in sorted(allowed)), allowed)
    assert len(parse_qs(urlsplit(address).query)) == MOST_MERGED


def test_what_stands_far_behind_in_a_query_is_not_read() -> None:
    assert merged(SHOP, "x&" * 200 + "gclid=1", ALLOWED) == SHOP
    assert merged(SHOP, "x" * 9000 + "&gclid=1", ALLOWED) == SHOP


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from(["gclid", "=", "&", "%", "%0", "+", "#", "\r\n"])).map("".join)
)
def test_no_query_can_split_a_header_or_change_what_the_target_has(query: str) -> None:
    address = merged("https://shop.example/a?size=m&gclid=own#top", query, ALLOWED)
    assert all(0x20 < ord(character) < 0x7F for character in address)
    assert address.startswith("https://shop.example/a?size=m&gclid=own")
    assert address.endswith("#top")
    assert parse_qs(urlsplit(address).query)["gclid"] == ["own"]


@given(st.binary(max_size=80))
def test_a_value_keeps_its_bytes(value: bytes) -> None:
    address = merged(SHOP, f"gclid={quote(value)}", ALLOWED)
    found = parse_qs(urlsplit(address).query, keep_blank_values=True, encoding="latin-1")
    assert found["gclid"][0].encode("latin-1") == value


TAGS = {"utm_source": "email", "utm_medium": "", "utm_campaign": "Spring & Sale"}
TAGGED = {
    SHOP: f"{SHOP}?utm_source=email&utm_campaign=Spring+%26+Sale",
    f"{SHOP}?size=%20m#top": f"{SHOP}?size=%20m&utm_source=email&utm_campaign=Spring+%26+Sale#top",
    f"{SHOP}?utm_source=partner": f"{SHOP}?utm_source=partner&utm_campaign=Spring+%26+Sale",
    f"{SHOP}?UTM_Source=&utm_campaign": f"{SHOP}?UTM_Source=&utm_campaign",
}


@pytest.mark.parametrize(("address", "with_tags"), TAGGED.items())
def test_an_address_gets_the_tags_it_lacks(address: str, with_tags: str) -> None:
    assert tagged(address, TAGS) == with_tags


@given(st.dictionaries(st.sampled_from(["utm_source", "utm_term", "mp_cid"]), st.text(max_size=40)))
def test_any_tag_can_be_read_back_and_is_added_once(tags: dict[str, str]) -> None:
    address = tagged(f"{SHOP}#top", tags)
    read = parse_qs(urlsplit(address).query, keep_blank_values=True, strict_parsing=False)
    assert read == {name: [value] for name, value in tags.items() if value}
    assert tagged(address, tags) == address
