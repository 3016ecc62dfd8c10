"""Pages that are open: told of changes by Postgres, renewed in place, and no reason to stay signed in."""

import contextlib
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import text

from console import changes
from console.door.admission import UNATTENDED
from console.pages import live
from store import records
from store.clock import now
from store.records.kill_switches import KillSwitch, Scope
from store.records.people import LogIn, MemberRole
from store.secrets import fingerprint
from store.settings import Role, Settings
from tests.conftest import wait_until
from tests.console.frame.test_browser import opened, sign_in_by_keyboard
from tests.console.visitors import Forms, Person, submitted

COOKIE = "console"


class Listener:
    """Somebody whose page is open: counts what it is told."""

    def __init__(self, forms: Forms) -> None:
        self.told = 0
        self.ready = threading.Event()
        self.ended = threading.Event()
        self._client = forms.client
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        with contextlib.suppress(httpx.HTTPError), self._client.stream("GET", "/live", timeout=60) as stream:
            for line in stream.iter_lines():
                self.ready.set()
                self.told += line == "event: changed"
        self.ended.set()


@contextlib.contextmanager
def listening(person: Person) -> Iterator[Listener]:
    forms = person.forms()
    listener = Listener(forms)
    assert listener.ready.wait(20)
    yield listener
    forms.client.close()


def test_a_change_is_told_to_its_own_tenant_alone(
    people: dict[MemberRole, Person], strangers: dict[MemberRole, Person]
) -> None:
    with listening(people[MemberRole.VIEWER]) as ours, listening(strangers[MemberRole.VIEWER]) as theirs:
        submitted(people[MemberRole.MARKETER])
        wait_until("the change", lambda: ours.told > 0)
        assert theirs.told == 0
        submitted(strangers[MemberRole.MARKETER])
        wait_until("their change", lambda: theirs.told > 0)


def test_what_stops_everybody_is_told_to_everybody(
    house: Settings, people: dict[MemberRole, Person], strangers: dict[MemberRole, Person]
) -> None:
    with listening(people[MemberRole.VIEWER]) as ours, listening(strangers[MemberRole.VIEWER]) as theirs:
        with records.session(house, Role.OWNER) as session:
            released = KillSwitch(
                tenant_id=None,
                scope=Scope.GLOBAL,
                subject="of a test",
                engaged=False,
                changed_by="operator:root",
                changed_at=now(),
            )
            session.add(released)
        wait_until("both", lambda: ours.told > 0 and theirs.told > 0)


def test_a_connection_that_was_cut_is_made_anew_and_missed_changes_are_told(
    house: Settings, viewer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "TRIES_AGAIN_SECONDS", 0.1)
    cut = "select pg_terminate_backend(pid) from pg_stat_activity where query = 'listen mp_changes'"
    with listening(viewer) as page:
        with records.session(house, Role.CONSOLE) as session:
            assert session.scalars(text(cut)).all() == [True]
        wait_until("the news", lambda: page.told > 0)


def test_a_stream_ends_after_a_while(viewer: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LASTS_SECONDS", 0.2)
    with listening(viewer) as page:
        assert page.ended.wait(20)


def test_there_are_only_so_many_streams(viewer: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST_LISTENERS", 1)
    with listening(viewer):
        refused = viewer.forms().get("/live")
        assert refused.status_code == 503
        assert "stands still" in refused.text


def test_a_page_that_renews_itself_keeps_nobody_signed_in(house: Settings, viewer: Person) -> None:
    forms = viewer.forms()

    def last_seen() -> datetime:
        with records.session(house, Role.OWNER) as session:
            return session.get_one(LogIn, fingerprint(forms.client.cookies[COOKIE])).last_seen_at

    before = last_seen()
    assert forms.get("/side?here=/", **{UNATTENDED: "1"}).status_code == 200
    with listening(viewer):
        pass
    assert last_seen() == before
    forms.get("/side?here=/")
    assert last_seen() > before
    with records.session(house, Role.OWNER) as session:
        idle = now() - timedelta(minutes=house.session_idle_minutes + 1)
        session.execute(
            text("update log_ins set last_seen_at = :idle where user_id = :user"),
            {"idle": idle, "user": viewer.id},
        )
    ended = forms.get("/side?here=/", **{UNATTENDED: "1", "HX-Request": "true"})
    assert ended.status_code == 401


def test_an_open_page_shows_what_came_and_keeps_what_is_typed(
    browser: Browser, site: str, people: dict[MemberRole, Person]
) -> None:
    with opened(browser, site) as page:
        sign_in_by_keyboard(page, people[MemberRole.ADMIN], "/links/new")
        page.get_by_label("Title").fill("half a thou")
        places = page.get_by_role("navigation", name="Screens")
        expect(places.get_by_role("link", name="Approvals")).to_have_accessible_name("Approvals")
        submitted(people[MemberRole.MARKETER])
        expect(places.get_by_role("link", name="Approvals 1 waiting")).to_be_visible()
        expect(places.get_by_role("link", name="Links")).to_have_attribute("aria-current", "page")
        with people[MemberRole.APPROVER].api() as api:
            api.post("/kill-switch", json={"engaged": True, "reason": "wrong price"})
        expect(page.get_by_text("Sending is stopped:")).to_be_visible()
        expect(page.get_by_label("Title")).to_have_value("half a thou")
