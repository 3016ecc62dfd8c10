"""Hosts and sites."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import provisional as web
from hypothesis import strategies as st

from marketing_pipelines.events import sites

SITES = {
    "https://www.shop.example.co.uk/a?b#c": "example.co.uk",
    "https://shop.example.com": "example.com",
    "HTTPS://WWW.Example.COM:8443/": "example.com",
    "https://ann:secret@example.com/": "example.com",
    "https://example.com./": "example.com",
    "//cdn.example.com/x": "example.com",
    "https://ann.github.io/": "ann.github.io",
    "https://github.io/": "github.io",
    "https://bücher.example.de/": "example.de",
    "https://www.bücher.de/": "xn--bcher-kva.de",
    "https://www.食狮.公司.cn/": "xn--85x722f.xn--55qx5d.cn",
    "http://localhost:3000/": "localhost",
    "http://127.0.0.1:8000/x": "127.0.0.1",
    "http://[2001:db8::1]:80/": "2001:db8::1",
    "https://app.intranet/": "app.intranet",
    # A browser ends the host at a backslash, so this page is evil's.
    "https://evil.example\\@bank.com/": "evil.example",
    "https://evil.example#@bank.com/": "evil.example",
    "https://evil.example?@bank.com/": "evil.example",
    "": "",
    "about:blank": "",
    "example.com/x": "",
    "https:///x": "",
    "https://[broken/": "",
    "https://a b.com/": "a",
    "https://%65xample.com/": "",
    f"https://{'a.' * 200}com/": "",
}


@pytest.mark.parametrize(("address", "site"), SITES.items())
def test_the_site_is_what_somebody_registered(address: str, site: str) -> None:
    assert sites.site(sites.split(address)[0]) == site


def test_an_address_falls_into_host_path_and_query() -> None:
    assert sites.split("https://a.example/p/q?x=1&y=/#z?u") == ("a.example", "/p/q", "x=1&y=/")
    assert sites.split("https://a.example?x=/1") == ("a.example", "", "x=/1")
    assert sites.split("https://a.example:80#/x") == ("a.example", "", "")


@given(web.urls())
def test_ordinary_addresses_have_the_host_that_the_standard_library_finds(url: str) -> None:
    assert sites.split(url)[0] == (urlsplit(url).hostname or "").rstrip(".")


@given(st.text(max_size=600))
def test_any_text_has_a_site_of_a_bounded_length(text: str) -> None:
    for address in (text, f"https://{text}"):
        host, _, _ = sites.split(address)
        assert len(host) <= sites.LONGEST_HOST
        assert host.endswith(sites.site(host))
        assert sites.normal_host(host) == host
