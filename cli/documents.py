"""Pages that are generated from the code, so that they cannot disagree with it."""

from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from cli.house import ROOT
from console.app import ROUTERS
from console.door import roles
from store.records.people import MemberRole
from store.settings import Service, Settings

HEAD = """# Settings

Every knob of the house, read from the environment or from `.env` beside the checkout.
This page and `.env.example` are written by `make docs` from `store/settings.py`.

| name | default | what it does |
|---|---|---|
"""


ROLES_HEAD = """# Roles

Who may do what, by page and over the API. Every request is measured against this very table (`console/door/permissions.py`);
a test walks each endpoint with each role. The console shows it under *People*. This page is written by `make docs`.

An API key may do what its scopes and its owner's role both allow; what names no scope is for people only. What needs no
sign-in says yes to every role.

| role | what it is for |
|---|---|"""


def pages() -> dict[Path, str]:
    """Each generated page and what it says."""
    return {
        ROOT / ".env.example": env_example(),
        ROOT / "docs" / "reference" / "settings.md": settings_page(),
        ROOT / "docs" / "reference" / "roles.md": roles_page(),
    }


def write() -> list[Path]:
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return list(pages())


def env_example() -> str:
    lines = [
        "# Copy to .env and change what you need; an empty value means the default. Written by `make docs`."
    ]
    for name, field in Settings.model_fields.items():
        lines += ["", f"# {field.description}", f"# {_variable(name)}={_default(field)}"]
    return "\n".join(lines) + "\n"


def settings_page() -> str:
    rows = [
        f"| `{_variable(name)}` | {_code(_default(field))} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    ports = [f"| {service} | PORT_BASE + {offset} |" for offset, service in enumerate(Service)]
    table = "\n## Ports\n\n| service | port |\n|---|---|\n"
    return HEAD + "\n".join(rows) + "\n" + table + "\n".join(ports) + "\n"


def roles_page() -> str:
    """The table of permissions, subject by subject."""
    lines = [ROLES_HEAD]
    lines += [f"| {role.capitalize()} | {about} |" for role, about in roles.ABOUT.items()]
    named = " | ".join(role.capitalize() for role in MemberRole)
    for subject in roles.subjects(route for router in ROUTERS for route in router.routes):
        lines += ["", f"## {subject.name}", "", f"| what | endpoint | scope of a key | {named} |"]
        lines.append("|---|---|---|" + "---|" * len(MemberRole))
        for right in subject.rights:
            may = " | ".join("yes" if right.allows(role) else "" for role in MemberRole)
            scope = f"`{right.scope}`" if right.scope else ""
            lines.append(f"| {right.name} | `{right.endpoint}` | {scope} | {may} |")
    return "\n".join(lines) + "\n"


def _variable(name: str) -> str:
    return name.upper()


def _default(field: FieldInfo) -> str:
    value: Any = field.get_default(call_default_factory=False)
    if field.default_factory is not None or value is None:
        return ""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return str(value).lower()
    return str(value.value if isinstance(value, Enum) else value)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
