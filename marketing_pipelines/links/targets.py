"""Where a click goes: what may be a target, which hosts are blocked, which of several a visitor gets."""

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import quote

import msgspec

from marketing_pipelines.events.user_agents import Device
from marketing_pipelines.links.refusals import NotUsable

# Each scheme with the port that goes without saying.
SCHEMES = {"http": 80, "https": 443}
LONGEST_TARGET = 2048
LONGEST_HOST = 253
MOST_BLOCKED = 1_000_000
HEAVIEST = 1_000_000
# Browsers write a few hundred characters; whoever writes more is not read.
LONGEST_ACCEPT_LANGUAGE = 1024
MOST_LANGUAGES = 20

# What stays as it is in an address; all else is percent-encoded, and so is a % that encodes nothing.
_ADDRESS_CHARACTERS = "%/?#[]@!$&'()*+,;:=-._~"
_PLAIN = re.compile(r"(?:[A-Za-z0-9_.\-~/?#\[\]@!$&'()*+,;:=]|%[0-9A-Fa-f]{2})*")
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://([^/?#]*)(.*)", re.DOTALL)
_AUTHORITY = re.compile(r"(\[[^\]]*\]|[^:]*)(?::([0-9]{0,5}))?")
# Control characters, and halves of characters that no encoding can write.
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NAME = re.compile(r"[a-z0-9_\-]{1,63}(?:\.[a-z0-9_\-]{1,63})*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

_COUNTRY = re.compile(r"[A-Z]{2}")
_SYSTEM = re.compile(r"[ -~]{1,40}")
_LANGUAGE = re.compile(r"[a-z]{1,8}(?:-[a-z0-9]{1,8}){0,7}")
_WANTED = re.compile(r"\s*([A-Za-z0-9\-]{1,71})\s*(?:;\s*[qQ]\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*)?")


class Target(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of a link's addresses and who gets it: visitors that every condition fits; an empty one fits all.

    Countries are ISO 3166 codes, languages tags in lower case (`de` fits `de-AT` too), and systems are spelt
    as `user_agents` names them (`iOS`, `Android`). The address is one that `usable_target` gave.
    """

    url: str
    weight: int = 1
    countries: frozenset[str] = frozenset()
    devices: frozenset[Device] = frozenset()
    systems: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    variant_id: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.weight <= HEAVIEST:
            raise NotUsable(f"A target's weight is 0 to {HEAVIEST}, not {self.weight}.")
        if self.variant_id < 0:
            raise NotUsable(f"A variant's number is not below 0, as {self.variant_id} is.")
        for country in self.countries:
            if not _COUNTRY.fullmatch(country):
                raise NotUsable(f"{country[:20]!r} is no country; write two capitals, like AT.")
        for system in self.systems:
            if not _SYSTEM.fullmatch(system):
                raise NotUsable(f"{system[:20]!r} is no system; write its name, like iOS or Android.")
        for language in self.languages:
            if not _LANGUAGE.fullmatch(language):
                raise NotUsable(
                    f"{language[:20]!r} is no language; write a tag in lower case, like de or pt-br."
                )

    @property
    def conditions(self) -> int:
        return bool(self.countries) + bool(self.devices) + bool(self.systems) + bool(self.languages)


def choose(
    targets: Sequence[Target],
    *,
    country: str,
    device: Device,
    languages: Sequence[str],
    chance: float,
    system: str = "",
) -> Target | None:
    """The target of one visitor, or None where none fits and the link's own address is taken.

    Of the targets that fit, those with the most conditions come first, among these the ones in the language
    that the visitor likes best, and among these `chance` (0 up to 1) decides by weight.
    """
    ranked = [
        (rank, target)
        for target in targets
        if target.weight
        and (not target.countries or country in target.countries)
        and (not target.devices or device in target.devices)
        and (not target.systems or system in target.systems)
        and (rank := _rank(target, languages)) is not None
    ]
    if not ranked:
        return None
    first = min(rank for rank, _ in ranked)
    return _by_weight([target for rank, target in ranked if rank == first], chance)


def _rank(target: Target, languages: Sequence[str]) -> tuple[int, int] | None:
    """How far behind others a target stands; None where it is in no language of the visitor."""
    if not target.languages:
        return -target.conditions, 0
    for place, language in enumerate(languages):
        if any(language == spoken or language.startswith(f"{spoken}-") for spoken in target.languages):
            return -target.conditions, place
    return None


def _by_weight(targets: Sequence[Target], chance: float) -> Target:
    point = chance * sum(target.weight for target in targets)
    reached = 0
    for target in targets:
        reached += target.weight
        if point < reached:
            return target
    return targets[-1]


@lru_cache(maxsize=4096)
def languages_of(accept_language: str) -> tuple[str, ...]:
    """The languages of an Accept-Language header in lower case, the one that is liked best first."""
    if len(accept_language) > LONGEST_ACCEPT_LANGUAGE:
        return ()
    liking: dict[str, float] = {}
    for piece in accept_language.split(",", MOST_LANGUAGES)[:MOST_LANGUAGES]:
        wanted = _WANTED.fullmatch(piece)
        if wanted and _LANGUAGE.fullmatch(tag := wanted[1].lower()):
            liking.setdefault(tag, float(wanted[2] or 1))
    return tuple(tag for tag in sorted(liking, key=lambda tag: -liking[tag]) if liking[tag])


def usable_target(url: str, *, own_hosts: Collection[str] = frozenset()) -> str:
    """The address as a Location header takes it: ASCII, the host in Punycode, encoded where that is needed.

    `own_hosts` are those of the redirector, in lower case: `go.example` with any port, or `localhost:8001`
    with that one. A target there would lead a visitor round and round.
    """
    address = url.strip()
    if len(address) > LONGEST_TARGET:
        raise NotUsable(f"The address is longer than {LONGEST_TARGET} characters; shorten it.")
    if _UNWRITABLE.search(address):
        raise NotUsable("The address has line breaks or other control characters in it; take them out.")
    parts = _ADDRESS.fullmatch(address)
    if parts is None or (scheme := parts[1].lower()) not in SCHEMES:
        raise NotUsable("The address is none on the web; write it whole, like https://shop.example/sale.")
    host, port = _host_and_port(parts[2])
    number = int(port) if port else SCHEMES[scheme]
    if not 0 < number < 65536:
        raise NotUsable(f"The address has the port {number}, which cannot be; leave it out.")
    if host in own_hosts or f"{host}:{number}" in own_hosts:
        raise NotUsable(
            f"The address leads back to {host}, where links are answered; write where they lead in the end."
        )
    shown_port = "" if number == SCHEMES[scheme] else f":{number}"
    rest = parts[3]
    if not _PLAIN.fullmatch(rest):
        rest = quote(_LONE_PERCENT.sub("%25", rest), safe=_ADDRESS_CHARACTERS)
    written = f"{scheme}://{host}{shown_port}{rest}"
    if len(written) > LONGEST_TARGET:
        raise NotUsable(f"The address is longer than {LONGEST_TARGET} characters once encoded; shorten it.")
    return written


def host_and_port(address: str) -> str:
    """Who answers at an address, as `own_hosts` names it."""
    parts = _ADDRESS.fullmatch(address)
    if parts is None:
        raise NotUsable(f"{address[:80]!r} is no address on the web.")
    host, port = _host_and_port(parts[2])
    return f"{host}:{port or SCHEMES[parts[1].lower()]}"


def usable_block(entry: str) -> str:
    """An entry of a block list in its one spelling: a host, with a dot in front if all below it is meant too."""
    written = entry.strip()
    if written.startswith((".", "*.")):
        return f".{_normal_host(written.partition('.')[2])}"
    return _normal_host(written)


class BlockList:
    """Hosts that nobody is sent to: `evil.example` that host alone, `.evil.example` it and all below it."""

    def __init__(self, entries: Iterable[str]) -> None:
        hosts, suffixes = set[str](), set[str]()
        for number, entry in enumerate(entries):
            if number == MOST_BLOCKED:
                raise NotUsable(f"The block list has more than {MOST_BLOCKED} entries; leave some out.")
            try:
                host = usable_block(entry)
            except NotUsable as refusal:
                raise NotUsable(f"The block list has the entry {entry[:80]!r}. {refusal}") from None
            (suffixes if host.startswith(".") else hosts).add(host.removeprefix("."))
        self._hosts = frozenset(hosts)
        self._suffixes = frozenset(suffixes)

    def __len__(self) -> int:
        return len(self._hosts) + len(self._suffixes)

    def blocks(self, url: str) -> bool:
        """Whether an address is on the list; one whose host cannot be told counts as if it were."""
        parts = _ADDRESS.match(url)
        if parts is None:
            return True
        try:
            host, _ = _host_and_port(parts[2].rpartition("@")[2])
        except NotUsable:
            return True
        if host in self._hosts:
            return True
        while host and self._suffixes:
            if host in self._suffixes:
                return True
            host = host.partition(".")[2]
        return False


def _host_and_port(authority: str) -> tuple[str, str]:
    if "@" in authority:
        raise NotUsable("The address names a user before its host; leave out what stands up to the @.")
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        raise NotUsable("The address has a port that is no number; leave it out.")
    return _normal_host(found[1]), found[2] or ""


@lru_cache(maxsize=16384)
def _normal_host(written: str) -> str:
    """A host in the one spelling that all who read it take for the same."""
    if not written:
        raise NotUsable("The address has no host; write it whole, like https://shop.example/sale.")
    if written.startswith("["):
        return f"[{_ip(IPv6Address, written[1:-1])}]"
    host = written.lower() if written.isascii() else _punycode(written)
    host = host.removesuffix(".")
    if len(host) > LONGEST_HOST or not _NAME.fullmatch(host):
        raise NotUsable(f"The host {written[:80]!r} is none; look for a blank or a letter too many in it.")
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        # Browsers read 2130706433 and 0x7f.1 as addresses of machines, and nobody else does.
        return str(_ip(IPv4Address, host))
    return host


def _punycode(written: str) -> str:
    """As browsers do it; the standard library makes strasse.de of straße.de, which is someone else's."""
    import idna

    try:
        return idna.encode(written[: LONGEST_HOST + 1], uts46=True).decode("ascii")
    except UnicodeError:
        raise NotUsable(f"The host {written[:80]!r} is none that can be registered; correct it.") from None


def _ip(kind: type[IPv4Address | IPv6Address], written: str) -> IPv4Address | IPv6Address:
    try:
        if "%" in written:
            raise ValueError("a zone names an interface of one machine")
        return kind(written)
    except ValueError:
        raise NotUsable(
            f"The host {written[:80]!r} is no address of a machine; write it like 203.0.113.7."
        ) from None
