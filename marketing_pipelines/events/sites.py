"""Hosts and the sites they belong to: the part of an address that somebody can register."""

import re
from functools import cache, lru_cache
from ipaddress import ip_address

from publicsuffixlist import PublicSuffixList

LONGEST_HOST = 253

# Browsers end the host at a backslash too, and so must whoever reads after them.
_HOST = re.compile(r"\s*(?:[A-Za-z][A-Za-z0-9+.\-]*:)?//(?:[^/?#\\]*@)?(\[[^\]/?#\\]*\]|[^/?#\\:@\s]*)")
_NAME = re.compile(r"[a-z0-9_\-]+(?:\.[a-z0-9_\-]+)*")


def split(address: str) -> tuple[str, str, str]:
    """Host, path and query of an address; an address without a host has nothing else that counts."""
    found = _HOST.match(address)
    host = normal_host(found[1][: LONGEST_HOST + 3]) if found else ""
    if not found or not host:
        return "", "", ""
    before_fragment = address[found.end() :].partition("#")[0]
    path, _, query = before_fragment.partition("?")
    return host, path[path.find("/") :] if "/" in path else "", query


@lru_cache(maxsize=65536)
def normal_host(written: str) -> str:
    """A host in the one spelling that compares: lower case, Punycode, no brackets; "" where there is none."""
    host = written.lower().rstrip(".")
    if host.startswith("["):
        return host[1:-1] if host.endswith("]") and is_ip(host[1:-1]) else ""
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            return ""
    if len(host) > LONGEST_HOST or not (_NAME.fullmatch(host) or is_ip(host)):
        return ""
    return host


@lru_cache(maxsize=65536)
def site(host: str) -> str:
    """The registrable domain of a normal host; addresses of machines and single names stay as they are."""
    if not host or is_ip(host):
        return host
    return public_suffixes().privatesuffix(host) or host


def is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@cache
def public_suffixes() -> PublicSuffixList:
    """The whole list, also of companies that let out names: each shop of such a company is a site of its own."""
    return PublicSuffixList()


@cache
def registry_suffixes() -> PublicSuffixList:
    """The suffixes of registries alone: google.github.io is not Google in the country github.io."""
    return PublicSuffixList(only_icann=True)
