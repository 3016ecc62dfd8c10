"""Where addresses are."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.events.countries import Place, Places, UnusableFile, country
from tests.events import mmdb

BERLIN = {"country": {"iso_code": "DE"}, "city": {"names": {"de": "Berlin", "en": "Berlin"}}}
TELEKOM = {"autonomous_system_number": 3320, "autonomous_system_organization": "Deutsche Telekom AG"}


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("8.8.8.8", "US"),
        ("::ffff:8.8.8.8", "US"),
        ("2a00:1450:4001:80b::200e", "IE"),
        ("10.0.0.1", ""),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("", ""),
        ("garbage", ""),
        ("8.8.8.8:80", ""),
        ("8.8.8.8 " * 1000, ""),
    ],
)
def test_the_country_of_an_address(address: str, code: str) -> None:
    assert country(address) == code
    assert Places(None, None).of(address) == Place(country=code)


@given(st.one_of(st.text(max_size=100), st.ip_addresses().map(str)))
def test_any_text_has_a_country_or_none(address: str) -> None:
    assert len(country(address)) in (0, 2)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    cities = mmdb.write(tmp_path / "city.mmdb", "GeoLite2-City", {"81.2.69.0/24": BERLIN, "8.8.0.0/16": {}})
    networks = mmdb.write(
        tmp_path / "asn.mmdb", "DBIP-ASN-Lite (compat=GeoLite2-ASN)", {"81.2.0.0/16": TELEKOM}
    )
    return Places(cities, networks)


def test_an_operators_files_tell_city_and_network(places: Places) -> None:
    assert places.of("81.2.69.142") == Place("DE", "Berlin", 3320, "Deutsche Telekom AG")
    assert places.of("::ffff:81.2.69.142") == places.of("81.2.69.142")


def test_where_a_file_says_nothing_the_registry_does(places: Places) -> None:
    assert places.of("8.8.8.8") == Place(country="US")
    assert places.of("81.2.70.1").network_name == "Deutsche Telekom AG"
    assert places.of("2a00:1450:4001:80b::200e") == Place(country="IE")
    assert places.of("nowhere") == Place()


def test_an_unusable_file_says_what_to_do(tmp_path: Path) -> None:
    text = tmp_path / "text.mmdb"
    text.write_text("not a database")
    cities = mmdb.write(tmp_path / "city.mmdb", "GeoLite2-City", {"81.2.69.0/24": BERLIN})
    for unusable in (text, tmp_path / "missing.mmdb", tmp_path):
        with pytest.raises(UnusableFile, match=r"cannot be read as a database of the type City .* unset it"):
            Places(unusable, None)
    with pytest.raises(UnusableFile, match=r"is of the type GeoLite2-City\. Name a database of the type ASN"):
        Places(None, cities)


def test_a_file_that_is_broken_inside_stops_nobody(tmp_path: Path) -> None:
    cities = mmdb.write(tmp_path / "city.mmdb", "GeoLite2-City", {"81.2.69.0/24": BERLIN})
    a_pointer_to_nowhere = b"\x38\xff\xff\xff\xff"
    cities.write_bytes(cities.read_bytes().replace(b"\x47country", a_pointer_to_nowhere + b"try"))
    assert Places(cities, None).of("81.2.69.142") == Place(country=country("81.2.69.142"))
