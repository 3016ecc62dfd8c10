"""`mp secrets`: the keys that credentials of connections are sealed with."""

import typer

from cli.reporting import REFUSED, console, errors, one_line_errors, operator, the_house

secrets_app = typer.Typer(no_args_is_help=True, help="The keys that credentials are sealed with.")


@secrets_app.callback()
def secrets() -> None:
    """The keys that credentials are sealed with."""


@secrets_app.command("rotate")
def rotate_secrets() -> None:
    """Seals every connection's credentials with a new key, wrapped by today's master key, and drops the former keys."""
    from marketing_pipelines.connections import rotation

    with one_line_errors():
        rotated = rotation.rotate(the_house(), operator())
    console.print(f"{rotated.resealed} connections sealed anew; {rotated.keys_dropped} former keys dropped.")
    if rotated.unreadable:
        numbers = ", ".join(map(str, rotated.unreadable))
        errors.print(f"These did not open, and have to be connected again: {numbers}.")
        raise typer.Exit(REFUSED)
