"""`mp audit`: the chain of evidence, checked and signed by whoever wants to."""

from typing import TYPE_CHECKING

import typer

from cli.reporting import console, one_line_errors, the_house
from store.settings import Role

if TYPE_CHECKING:
    from marketing_pipelines.monitoring.audit_chains import Verdict
    from store.settings import Settings

audit_app = typer.Typer(no_args_is_help=True, help="The audit chain.")


@audit_app.command("verify")
def audit_verify() -> None:
    """Walks every chain from its start, holds it against its signed heads, and names the first broken link."""
    from marketing_pipelines.monitoring import audit_chains

    with one_line_errors():
        house = the_house()
        names, broken = _named(house), 0
        for verdict in audit_chains.verified(house):
            broken += verdict.broken is not None
            console.print(f"{names[verdict.tenant]}: {_found(verdict)}", markup=False)
        raise typer.Exit(1 if broken else 0)


@audit_app.command("sign")
def audit_sign() -> None:
    """Verifies every chain and signs its last entry, as happens each night; broken ones are not signed."""
    from marketing_pipelines.monitoring import audit_chains

    with one_line_errors():
        house = the_house()
        verdicts = list(audit_chains.verified(house))
        signed, names = audit_chains.sign(house, verdicts), _named(house)
        for head in signed:
            console.print(f"{names[head.tenant_id]}: entry {head.seq} signed", markup=False)
        console.print(f"Added to {house.audit_heads}", markup=False)
        raise typer.Exit(1 if len(signed) < sum(verdict.entries > 0 for verdict in verdicts) else 0)


@audit_app.command("key")
def audit_key() -> None:
    """The public key that others check the signed heads with."""
    from store import audit_heads

    with one_line_errors():
        print(audit_heads.public_key(the_house()))


def _named(house: "Settings") -> "dict[int, str]":
    """How people call each chain."""
    from store import records
    from store.records.audit_log import HOUSE

    with records.session(house, Role.PIPELINES) as session:
        return {HOUSE: "the house", **records.tenants.slugs(session)}


def _found(verdict: "Verdict") -> str:
    if verdict.broken:
        return f"broken at entry {verdict.broken.seq}: {verdict.broken.reason}"
    return f"whole, {verdict.entries:,} entries, held against {verdict.signed} signed heads"
