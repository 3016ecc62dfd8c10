"""docs/api.md does what it says: its commands are run as a reader would run them."""

import os
import re
import subprocess
from pathlib import Path

from store.records.people import MemberRole
from tests.console.visitors import PASSWORD, Person

PAGE = Path(__file__).parents[3] / "docs" / "api.md"
_COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_commands_of_the_page_work_as_they_stand(people: dict[MemberRole, Person]) -> None:
    admin = people[MemberRole.ADMIN]
    script = "set -euo pipefail\n" + "\necho\n".join(_COMMANDS.findall(PAGE.read_text()))
    given = {**os.environ, "CONSOLE": admin.site, "EMAIL": admin.email, "PASSWORD": PASSWORD}
    done = subprocess.run(["bash", "-c", script], env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the second time: 412" in done.stdout
    assert "my own: 403" in done.stdout
    with admin.api() as api:
        [action] = api.get("/actions").json()["items"]
        shown = api.get(f"/actions/{action['id']}").json()
        assert (shown["state"], shown["payload"]["body"]) == (
            "pending_approval",
            "Hello,\n\nit is very cold.",
        )
        assert [it["name"] for it in api.get("/recipients").json()["items"]] == ["Ann"]
        [key] = api.get("/keys").json()["items"]
        assert key["last_used_at"] is not None
        assert f"new.{admin.email}" in [user["email"] for user in api.get("/users").json()["items"]]
