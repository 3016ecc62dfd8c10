"""Passwords of links: asked by a form, checked against their hash, few at a time since each check is meant to be slow."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl

from collector.limits import Window
from collector.refusals import Reason, Refused
from collector.requests import Request
from store import passwords

LARGEST_FORM = 4096
LONGEST_PASSWORD = 200
# In a window of ten seconds: from one address, and for one link from everywhere.
MOST_TRIES_OF_AN_ADDRESS = 10
MOST_TRIES_OF_A_LINK = 60


class Passwords:
    def __init__(self) -> None:
        self._tries = Window()
        self._checker = ThreadPoolExecutor(1, thread_name_prefix="passwords")

    async def fits(self, password_hash: str, link_id: int, request: Request) -> bool:
        """Whether the form has the right password in it; raises Refused for one that is tried too often or too long."""
        given = _password(await request.body(LARGEST_FORM))
        of_address = self._tries.add((link_id, request.address), 1, request.began)
        of_link = self._tries.add(link_id, 1, request.began)
        if of_address > MOST_TRIES_OF_AN_ADDRESS or of_link > MOST_TRIES_OF_A_LINK:
            raise Refused(Reason.OVER_QUOTA, "Too many passwords were tried. Please wait ten seconds.")
        if not given or len(given) > LONGEST_PASSWORD:
            return False
        return await asyncio.get_running_loop().run_in_executor(
            self._checker, passwords.is_right, password_hash, given
        )

    def close(self) -> None:
        self._checker.shutdown(cancel_futures=True)


def _password(form: bytes) -> str:
    try:
        return dict(parse_qsl(form.decode(), max_num_fields=10)).get("password", "")
    except ValueError:
        return ""
