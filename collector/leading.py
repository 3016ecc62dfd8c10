"""Where a link leads one visitor at one moment, and why it may lead elsewhere or nowhere. Pure."""

from collections.abc import Iterable
from enum import StrEnum
from hashlib import blake2b

import msgspec

from collector.directory.links import PreparedLink, Terms
from marketing_pipelines.events import bots, user_agents
from marketing_pipelines.links.targets import BlockList, choose, languages_of


class Ending(StrEnum):
    """Why a link does not lead where it otherwise would."""

    ARCHIVED = "archived"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    USED_UP = "used_up"
    UNCOUNTED = "uncounted"
    """It has a limit, and nobody can be asked how much of it is left."""
    BLOCKED = "blocked"
    NOT_USABLE = "target_not_usable"


class Lead(msgspec.Struct, frozen=True, gc=False):
    """An address and what the click on it is remembered by; none where a page says why."""

    address: str = ""
    variant_id: int = 0
    ending: Ending | None = None


class Visitor(msgspec.Struct, frozen=True, gc=False):
    """What targets ask about whoever follows a link."""

    country: str
    user_agent: str
    accept_language: str
    chance: float


def closed(terms: Terms, moment_ms: int) -> Ending | None:
    """Why the link leads nowhere at this moment, whoever follows it."""
    if terms.is_archived:
        return Ending.ARCHIVED
    if moment_ms < terms.opens_at:
        return Ending.NOT_YET
    if terms.closes_at and moment_ms >= terms.closes_at:
        return Ending.EXPIRED
    return None


def straight(link: PreparedLink, block_list: BlockList) -> Lead:
    """To the link's own address."""
    return _checked(Lead(link.target), link.terms, block_list)


def chosen(link: PreparedLink, terms: Terms, visitor: Visitor, block_list: BlockList) -> Lead:
    """To the target that fits the visitor, or else to the link's own address."""
    agent = user_agents.verdict(visitor.user_agent)
    target = choose(
        terms.targets,
        country=visitor.country,
        device=agent.device,
        system=agent.os,
        languages=languages_of(visitor.accept_language),
        chance=visitor.chance,
    )
    if target is None:
        return straight(link, block_list)
    return _checked(Lead(target.url, target.variant_id), terms, block_list)


def elsewhere(terms: Terms | None, ending: Ending, block_list: BlockList) -> Lead:
    """To the fallback; an archived link has none, since whoever put it away wants nobody sent on."""
    address = terms.fallback if terms and ending is not Ending.ARCHIVED else ""
    return Lead("" if block_list and block_list.blocks(address) else address, ending=ending)


def chance_of(key: bytes, link_id: int, address: str, user_agent: str) -> float:
    """From 0 up to 1, the same for one visitor on every process: who comes again is shown the same variant."""
    who = f"{link_id}\n{address}\n{user_agent}".encode("utf-8", "replace")
    return int.from_bytes(blake2b(who, key=key, digest_size=6).digest()) / 2**48


def is_person(user_agent: str, signals: Iterable[str]) -> bool:
    """By the rules that classify clicks later, as far as a request can tell."""
    if user_agents.is_program(user_agent):
        return False
    return bots.score((*signals, *user_agents.verdict(user_agent).reasons)) < bots.THRESHOLD


def _checked(lead: Lead, terms: Terms | None, block_list: BlockList) -> Lead:
    if not lead.address:
        return elsewhere(terms, Ending.NOT_USABLE, block_list)
    if block_list and block_list.blocks(lead.address):
        return elsewhere(terms, Ending.BLOCKED, block_list)
    return lead
