"""A tenant's policy as a form, and what this installation is set to, as far as anybody may see it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from console.frame import wording
from store.settings import Settings

MOST_RULES = 100
_NUMBERS = ("quorum", "expires_hours", "most_a_day")
# Whose values hold passwords though their type does not say so.
_NEVER_SHOWN = frozenset({"role_passwords"})


@dataclass(frozen=True, slots=True)
class Setting:
    name: str
    value: str
    about: str


def of_installation(settings: Settings) -> list[Setting]:
    """Every setting; of a secret, only whether it is set."""
    return [
        Setting(name.upper(), _shown(name, getattr(settings, name)), field.description or "")
        for name, field in type(settings).model_fields.items()
    ]


def policy_of(typed: Mapping[str, list[str]]) -> dict[str, Any]:
    """The policy that a form says: its rules are numbered, and one without any demand is none."""
    policy: dict[str, Any] = {"allow_lone_release": "allow_lone_release" in typed}
    purpose = _first(typed, "default_purpose")
    if purpose:
        policy["default_purpose"] = purpose
    rules = [_rule(typed, number) for number in range(MOST_RULES + 1) if f"rule-{number}" in typed]
    policy["rules"] = [rule for rule in rules if set(rule) - {"type", "risk"}]
    return policy


def said(rule: Mapping[str, Any]) -> str:
    """A rule in a sentence."""
    about = wording.TYPES[rule["type"]] if "type" in rule else "Everything"
    risk = f" of {rule['risk']} risk" if "risk" in rule else ""
    return f"{about}{risk}: {'; '.join(_demands(rule)) or 'nothing of its own'}."


def _demands(rule: Mapping[str, Any]) -> Iterator[str]:
    if "quorum" in rule:
        yield f"{rule['quorum']} signature{'' if rule['quorum'] == 1 else 's'}"
    if "roles" in rule:
        yield f"signed by {' or '.join(wording.words(role) for role in rule['roles'])}"
    if "self_approval" in rule:
        yield "authors may sign their own work" if rule["self_approval"] else "nobody signs their own work"
    if "expires_hours" in rule:
        yield f"a request holds {rule['expires_hours']} h"
    if "most_a_day" in rule:
        yield f"at most {wording.number(rule['most_a_day'])} leave in a day"


def _rule(typed: Mapping[str, list[str]], number: int) -> dict[str, Any]:
    if _first(typed, f"drop-{number}"):
        return {}
    rule: dict[str, Any] = {}
    for name in ("type", "risk"):
        said = _first(typed, f"{name}-{number}")
        if said:
            rule[name] = said
    for name in _NUMBERS:
        said = _first(typed, f"{name}-{number}").strip()
        if said:
            rule[name] = int(said) if said.isascii() and said.isdigit() and len(said) < 10 else said
    own = _first(typed, f"self_approval-{number}")
    if own:
        rule["self_approval"] = own == "yes"
    signers = _first(typed, f"signer-{number}").split()
    if signers:
        rule["roles"] = signers
    return rule


def _first(typed: Mapping[str, list[str]], name: str) -> str:
    return typed.get(name, [""])[0]


def _shown(name: str, value: Any) -> str:
    if name in _NEVER_SHOWN:
        return "set" if value else "not set"
    match value:
        case SecretStr():
            return "set" if value.get_secret_value() else "not set"
        case None | "":
            return "not set"
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)
