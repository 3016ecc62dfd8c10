"""Who is asking: a name of the program and of the app it asks for, since some providers refuse what every script calls itself."""

import re

_KEPT = re.compile(r"[A-Za-z0-9_.-]{1,100}")


def told_by(app: str) -> str:
    """By an app's public id at its provider; one that has none, or a strange one, is not named."""
    named = f" (app {app})" if _KEPT.fullmatch(app) else ""
    return f"web:marketing-pipelines:v1{named}"
