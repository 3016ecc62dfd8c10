"""What SendGrid tells: kept once, believed of our own mails alone, and whoever wants none gets none from then on."""

import json
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from connectors.face import Channel
from marketing_pipelines.hooks.interpreting import NotInterpreted
from marketing_pipelines.outbound import mail_events
from store import records
from store.clock import now
from store.records import actions, audit_log, contacts, delivery_events, erasure, hooks
from store.records.action_states import State
from store.records.actions import Purpose
from store.records.contacts import Contact
from store.records.delivery_events import EventKind
from store.records.schema import ActionId, TenantId
from store.settings import Role
from tests.conftest import environment_of
from tests.connectors.conftest import sandbox
from tests.connectors.running_sandbox import Sandbox
from tests.outbound.conftest import mail_server_log
from tests.outbound.office import MailServer, Office, over_sendgrid, wait_for

__all__ = ["mail_server_log", "sandbox"]

READER = "reader@example.com"
SUPPRESSING = ("bounce", "dropped", "spamreport", "unsubscribe", "group_unsubscribe")
HARMLESS = (
    *("processed", "delivered", "deferred", "blocked", "open", "machine_open", "click", "group_resubscribe"),
)
ONE_WORKER = """
from marketing_pipelines.outbound import mail_events
from store.settings import current

mail_events.interpret(current())
"""
READERS = """
select "values" ->> 'email' as email, message_id, state from deliveries
join action_recipients using (tenant_id, action_id, version, recipient_key) where action_id = :id
"""
WAITS_FOR_A_LOCK = "select pid from pg_stat_activity where wait_event_type = 'Lock' and usename = :user"


@pytest.fixture(autouse=True)
def _nothing_waits(office: Office) -> None:
    """What other tests have left untold is no concern of these."""
    with records.session(office.settings, Role.OWNER) as session:
        session.execute(text("delete from hook_calls where interpreted_at is null"))


def event(message_id: str, kind: str, to: str = READER, **more: Any) -> dict[str, Any]:
    """As SendGrid tells it; the id is one of its own unless given."""
    return {
        "email": to,
        "timestamp": int(now().timestamp()),
        "event": kind,
        "sg_event_id": uuid.uuid4().hex,
        "mp_message_id": message_id,
        **more,
    }


def arrives(office: Office, *events: Any, tenant: TenantId | None = None, body: bytes | None = None) -> None:
    """A proven call as the collector keeps it, with the collector's own log-in."""
    call = {
        "tenant_id": tenant or office.tenant,
        "provider": "sendgrid",
        "event_id": None,
        "received_at": now() + timedelta(seconds=1),
        "headers": {},
        "body": json.dumps(events).encode() if body is None else body,
        "place": uuid.uuid4().hex,
    }
    with records.session(office.settings, Role.EDGE) as session:
        assert hooks.keep_calls(session, [call]) == 1


def read(office: Office) -> dict[str, int]:
    return {name: count for name, count in mail_events.interpret(office.settings).items() if count}


def mailed(office: Office, *to: str, **draft: Any) -> tuple[ActionId, list[str]]:
    """An action that has been sent, and its Message-IDs in the order of those whom it is for."""
    readers = list(to) or [READER]
    action_id = office.approved(to=readers, **draft)
    office.send()
    known = message_to(office, action_id)
    return action_id, [known[reader] for reader in readers]


def message_to(office: Office, action_id: ActionId) -> dict[str, str]:
    """The Message-ID of each reader's mail."""
    with records.session(office.settings, Role.PIPELINES) as session:
        rows = session.execute(text(READERS), {"id": action_id})
        return {row.email: row.message_id for row in rows}


def reader(office: Office, address: str = READER) -> Contact:
    with office.console() as session:
        found = contacts.of_address(session, office.tenant, address)
        assert found is not None
        session.expunge(found)
        return found


def kept(office: Office, action_id: ActionId) -> Counter[EventKind]:
    with office.console() as session:
        return delivery_events.counts(session, office.locked(session, action_id))


def opt_outs(office: Office) -> list[str]:
    """Who ended somebody's marketing, by the audit chain."""
    with records.session(office.settings, Role.PIPELINES) as session:
        query = text(
            "select actor from audit_entries where tenant_id = :t and action = 'opt_out' order by seq"
        )
        assert audit_log.verify(session, office.tenant) is None
        return list(session.scalars(query, {"t": office.tenant}))


def calls(office: Office) -> list[tuple[bool, str | None]]:
    """Of each call whether somebody has read it, and what was wrong with it."""
    with records.session(office.settings, Role.OWNER) as session:
        query = text(
            "select interpreted_at is not null, trouble from hook_calls where tenant_id = :t order by id"
        )
        return [tuple(row) for row in session.execute(query, {"t": office.tenant})]  # type: ignore[misc]


@pytest.mark.parametrize("kind", [*SUPPRESSING, *HARMLESS])
def test_what_the_stand_in_tells_is_kept_and_ends_mail_only_where_it_must(
    office: Office, sandbox: Sandbox, kind: str
) -> None:
    sandbox.now = now()
    office.settings = over_sendgrid(office.settings, sandbox.address)
    action_id, _ = mailed(office)
    asked = {"event": [kind]}
    told = sandbox.http.get(f"{sandbox.address}/_sandbox/sendgrid/events", params=asked).json()
    arrives(office, body=told["body"].encode())

    counted = read(office)
    assert kept(office, action_id).total() == 1
    assert (counted["calls"], counted.get("suppressed", 0)) == (1, int(kind in SUPPRESSING))
    assert opt_outs(office) == ["provider:sendgrid"] * (kind in SUPPRESSING)
    assert (reader(office).unsubscribed_at is not None) is (kind in SUPPRESSING)
    assert calls(office) == [(True, None)]
    assert read(office) == {}, "nothing is left to read"


def test_a_mail_that_was_signed_before_the_bounce_does_not_go_after_it(
    office: Office, mail_server_log: MailServer
) -> None:
    _, [first] = mailed(office)
    following = office.approved(to=[READER, "other@example.com"])
    contract = office.approved(purpose=Purpose.CONTRACT)
    arrives(office, event(first, "bounce", type="bounce", reason="550 5.1.1 no such user"))
    assert read(office) == {"calls": 1, "bounce": 1, "suppressed": 1}
    office.send()
    assert office.delivered(following) == {"suppressed": 1, "sent": 1}
    assert office.delivered(contract) == {"sent": 1}, "only marketing needs consent"
    assert mail_server_log.recipients == {READER: 2, "other@example.com": 1}
    assert reader(office).unsubscribe_reason == "its mailbox refused a mail for good, as SendGrid told"


def test_told_twice_late_and_in_the_wrong_order_it_is_the_same(office: Office) -> None:
    action_id, [message] = mailed(office)
    at = int(now().timestamp())
    story = [
        event(message, "processed", timestamp=at - 3),
        event(message, "delivered", timestamp=at - 2),
        event(message, "spamreport", timestamp=at - 1),
    ]
    arrives(office, *reversed(story))
    arrives(office, story[1], *story)
    counted = read(office)
    assert counted == {
        "calls": 2, "processed": 1, "delivered": 1, "spam_report": 1, "suppressed": 1, "told_before": 4,
    }  # fmt: skip
    with office.console() as session:
        back = contacts.locked(session, office.tenant, contacts_id(office))
        assert back is not None
        contacts.opt_in(session, back, office.by(office.author), "asked for it again, in writing")
    arrives(office, *story)
    assert read(office) == {"calls": 1, "told_before": 3}
    assert reader(office).unsubscribed_at is None, "what was told before they came back is over"
    assert kept(office, action_id).total() == 3
    with office.console() as session:
        [latest] = delivery_events.unwelcome(session, office.locked(session, action_id), 10)
        assert latest.event is not None
        assert latest.event.kind is EventKind.SPAM_REPORT


def contacts_id(office: Office, address: str = READER) -> Any:
    return reader(office, address).id


def test_a_wish_from_before_a_new_consent_is_over_and_a_dead_mailbox_is_not(office: Office) -> None:
    action_id, [message] = mailed(office)
    office.tamper(
        "update deliveries set created_at = now() - interval '1 day' where action_id = :id", action_id
    )
    with office.console() as session:
        there = contacts.locked(session, office.tenant, contacts_id(office))
        assert there is not None
        contacts.opt_in(session, there, office.by(office.author), "has signed")
    before = int((now() - timedelta(hours=2)).timestamp())
    arrives(office, event(message, "unsubscribe", timestamp=before))
    assert read(office) == {"calls": 1, "unsubscribe": 1}
    assert reader(office).unsubscribed_at is None
    arrives(office, event(message, "bounce", type="bounce", timestamp=before))
    assert read(office) == {"calls": 1, "bounce": 1, "suppressed": 1}


def test_another_tenants_call_ends_nobodys_mail(office: Office, house: Any) -> None:
    from tests.outbound.office import an_office  # the same house, another tenant

    action_id, [message] = mailed(office)
    stranger = an_office(house, another_tenant(office), 1)
    with stranger.console() as session:
        contacts.ensure(session, stranger.tenant, READER)
    arrives(office, event(message, "spamreport"), tenant=stranger.tenant)
    assert read(office) == {"calls": 1, "not_ours": 1}
    assert reader(office).unsubscribed_at is None
    assert reader(stranger).unsubscribed_at is None
    assert not kept(office, action_id)


def another_tenant(office: Office) -> TenantId:
    from store.records.tenants import Tenant

    with records.session(office.settings, Role.OWNER) as session:
        row = Tenant(slug=f"s-{uuid.uuid4().hex[:12]}", name="stranger")
        session.add(row)
        session.flush()
        return row.id


def test_an_address_is_believed_only_where_the_mail_went_to_it(office: Office) -> None:
    action_id, [message] = mailed(office)
    with office.console() as session:
        contacts.ensure(session, office.tenant, "victim@example.com")
    arrives(
        office,
        event(message, "spamreport", to="victim@example.com"),
        event("<nobodys@example.com>", "spamreport"),
        event("", "bounce", type="bounce"),
    )
    assert read(office) == {"calls": 1, "of_another_address": 1, "not_ours": 2}
    assert reader(office).unsubscribed_at is None
    assert reader(office, "victim@example.com").unsubscribed_at is None
    assert not kept(office, action_id)
    arrives(office, event(message, "spamreport", to=READER.upper()))
    assert read(office) == {"calls": 1, "spam_report": 1, "suppressed": 1}


def test_who_was_erased_stays_erased(office: Office) -> None:
    action_id, [message] = mailed(office)
    with office.console() as session:
        gone = contacts.locked(session, office.tenant, contacts_id(office))
        assert gone is not None
        erasure.erase(session, gone, office.by(office.author))
    arrives(office, event(message, "spamreport", reason=f"complaint of <{READER}>"))
    assert read(office) == {"calls": 1, "spam_report": 1}
    assert kept(office, action_id) == {EventKind.SPAM_REPORT: 1}
    everything = "select reason from delivery_events where action_id = :id"
    assert office.column(everything, action_id) == ["complaint of <(an address)>"]


def test_what_servers_said_is_kept_without_addresses(office: Office) -> None:
    action_id, [message] = mailed(office)
    arrives(office, event(message, "deferred", response=f"451 <b>{READER.title()} greylisted</b>"))
    read(office)
    [said] = office.column("select reason from delivery_events where action_id = :id", action_id)
    assert said == "451 <b>(an address) greylisted</b>"


def test_only_dropping_for_the_readers_own_sake_ends_mail(office: Office) -> None:
    action_id, [message] = mailed(office)
    arrives(office, *(event(message, "dropped", reason=why) for why in ("Invalid", "Spam Content", "")))
    assert read(office) == {"calls": 1, "dropped": 3}
    arrives(office, event(message, "dropped", reason="Spam Reporting Address"))
    assert read(office) == {"calls": 1, "dropped": 1, "suppressed": 1}
    assert reader(office).unsubscribe_reason == "reported a mail as spam, as SendGrid told"
    assert kept(office, action_id) == {EventKind.DROPPED: 1}


def test_what_cannot_be_read_is_marked_and_counted_and_not_tried_again(office: Office) -> None:
    _, [message] = mailed(office)
    arrives(office, body=b'{"no": "list"}')
    arrives(office, {"event": "bounce"}, 7, event(message, "delivered"), event(message, "new_kind"))
    assert read(office) == {"unreadable_calls": 1, "calls": 1, "unreadable": 2, "delivered": 1, "other": 1}
    (was_read, why), fine = calls(office)
    assert was_read
    assert why is not None
    assert "is not a list of events" in why
    assert fine == (True, None)
    assert office.left_of_calls() == [b'{"no": "list"}', b""]
    assert read(office) == {}


@contextmanager
def refusing(office: Office, event_id: str) -> Iterator[None]:
    """While the database cannot keep this one event."""
    statements = (
        "create function no_such_event() returns trigger language plpgsql as "
        f"$$ begin if new.event_id = '{event_id}' then raise 'cannot be kept'; end if; return new; end $$",
        "create trigger no_such_event before insert on delivery_events for each row execute function no_such_event()",
    )
    with records.session(office.settings, Role.OWNER) as session:
        for statement in statements:
            session.execute(text(statement))
    try:
        yield
    finally:
        with records.session(office.settings, Role.OWNER) as session:
            session.execute(text("drop function no_such_event() cascade"))


def test_a_call_that_breaks_waits_and_holds_up_no_other(office: Office) -> None:
    action_id, [message] = mailed(office)
    bad = event(message, "delivered")
    arrives(office, event(message, "processed"), bad)
    arrives(office, event(message, "spamreport"))
    with refusing(office, bad["sg_event_id"]), pytest.raises(NotInterpreted, match="and wait"):
        read(office)
    assert calls(office) == [(False, None), (True, None)]
    assert kept(office, action_id) == {EventKind.SPAM_REPORT: 1}, "all of a call, or nothing"
    assert reader(office).unsubscribed_at is not None
    assert read(office) == {"calls": 1, "processed": 1, "delivered": 1}


def lost(office: Office, sandbox: Sandbox, *to: str) -> ActionId:
    """An action of which SendGrid has taken the first mail, and its answer was lost."""
    sandbox.now = now()
    office.settings = over_sendgrid(office.settings, sandbox.address)
    sandbox.order(Channel.SENDGRID, "accepted_then_silent")
    action_id, _ = mailed(office, *to)
    return action_id


@pytest.mark.parametrize("kind", ["delivered", "bounce", "processed", "dropped"])
def test_an_event_settles_what_nobody_knew(office: Office, sandbox: Sandbox, kind: str) -> None:
    action_id = lost(office, sandbox, "one@example.com", "other@example.com")
    assert office.now(action_id).outcome == {"mode": "smtp", "unknown": 1, "sent": 1}
    [(message, address)] = in_state(office, action_id, "unknown")
    arrives(office, event(message, kind, to=address, type="bounce"))
    assert read(office)["settled"] == 1
    assert office.delivered(action_id) == {"sent": 2}
    assert office.now(action_id).outcome == {"mode": "smtp", "sent": 2}
    assert "its answer was lost or is late; events of SendGrid's show that it was taken" in office.column(
        "select outcome from deliveries where action_id = :id", action_id
    )
    not_loaded = (
        "select count(*) from deliveries where action_id = :id and chunk is not null and sent_at is not null"
    )
    assert office.column(not_loaded, action_id) == [2]
    office.send()
    assert sandbox.requests(Channel.SENDGRID) == 2, "nothing is sent again"
    opt_outs(office)  # and the chain holds


def test_an_event_of_another_address_settles_nothing(office: Office, sandbox: Sandbox) -> None:
    action_id = lost(office, sandbox, "lost@example.com")
    [message] = message_to(office, action_id).values()
    arrives(office, event(message, "delivered", to="other@example.com"))
    assert read(office) == {"calls": 1, "of_another_address": 1}
    assert office.delivered(action_id) == {"unknown": 1}


def test_what_a_person_decided_stays(office: Office, sandbox: Sandbox) -> None:
    action_id = lost(office, sandbox, "lost@example.com")
    [message] = message_to(office, action_id).values()
    office.tamper("update deliveries set state = 'failed' where action_id = :id", action_id)
    arrives(office, event(message, "delivered", to="lost@example.com"))
    assert read(office) == {"calls": 1, "delivered": 1}
    assert office.delivered(action_id) == {"failed": 1}


def test_events_that_overtake_the_answers_settle_what_is_on_its_way_and_nobody_gets_two(
    office: Office, mail_server_log: MailServer
) -> None:
    """The provider tells of mails that a living run is still waiting for."""
    everyone = [f"r{n}@example.com" for n in range(30)]
    action_id = office.approved(to=everyone)
    mail_server_log.slowness = 0.1
    with office.sender(drain_seconds=0) as run:
        wait_for(lambda: len(mail_server_log.received) >= 5)
        rows = in_state(office, action_id, "sending")
        arrives(office, *(event(message, "delivered", to=address) for message, address in rows))
        settled = read(office).get("settled", 0)
        run.wait(120)
    assert settled > 0, "the run was overtaken"
    assert set(mail_server_log.recipients.values()) == {1}
    assert office.delivered(action_id) == {"sent": 30}
    assert office.now(action_id).state is State.SUCCEEDED
    opt_outs(office)  # and the chain holds


def in_state(office: Office, action_id: ActionId, state: str) -> list[tuple[str, str]]:
    with records.session(office.settings, Role.PIPELINES) as session:
        rows = session.execute(text(READERS), {"id": action_id})
        return [(row.message_id, row.email) for row in rows if row.state == state]


def test_a_sender_that_was_killed_is_spoken_for_by_the_events(
    office: Office, mail_server_log: MailServer
) -> None:
    """What arrived is known to have; what nobody tells of stays for a person to look at."""
    mail_server_log.slowness = 0.02
    action_id = office.approved(to=[f"r{n}@example.com" for n in range(40)])
    with office.sender() as run:
        wait_for(lambda: len(mail_server_log.received) >= 5)
        run.kill()
        run.wait()
    wait_for(lambda: len(mail_server_log.received) >= 5)
    arrived = set(mail_server_log.recipients)
    rows = [(message, to) for message, to in in_state(office, action_id, "sending") if to in arrived]
    arrives(office, *(event(message, "delivered", to=address) for message, address in rows))
    assert read(office)["settled"] == len(rows) > 0
    office.let_leases_lapse(action_id)
    office.send()
    assert set(mail_server_log.recipients.values()) == {1}
    ended = office.delivered(action_id)
    assert ended.keys() <= {"sent", "unknown"}
    assert ended["sent"] >= len(rows)
    assert ended.total() == 40


@contextmanager
def workers(office: Office, count: int) -> Iterator[Sequence[subprocess.Popen[bytes]]]:
    environment = environment_of(office.settings)
    running = [subprocess.Popen([sys.executable, "-c", ONE_WORKER], env=environment) for _ in range(count)]
    try:
        yield running
    finally:
        for each in running:
            each.kill()
            each.wait()


def test_a_worker_that_is_killed_half_way_has_done_nothing(office: Office, sandbox: Sandbox) -> None:
    action_id = lost(office, sandbox)
    [message] = message_to(office, action_id).values()
    arrives(office, event(message, "delivered"), event(message, "spamreport"))
    with records.session(office.settings, Role.OWNER) as session:
        # The chain is written last: whoever waits for its turn has kept events and settled deliveries already.
        audit_log.append(session, office.tenant, office.by(office.author), "hold", "test", 1, {}, {})
        with workers(office, 1) as [worker]:
            wait_for(lambda: waits_for_a_lock(office))
            worker.kill()
            worker.wait()
    wait_for(lambda: not waits_for_a_lock(office))
    assert calls(office) == [(False, None)]
    assert not kept(office, action_id)
    assert office.delivered(action_id) == {"unknown": 1}

    assert read(office) == {"calls": 1, "delivered": 1, "spam_report": 1, "settled": 1, "suppressed": 1}
    assert office.delivered(action_id) == {"sent": 1}
    assert opt_outs(office) == ["provider:sendgrid"]


def waits_for_a_lock(office: Office) -> bool:
    with records.session(office.settings, Role.PIPELINES) as session:
        return bool(session.scalars(text(WAITS_FOR_A_LOCK), {"user": Role.PIPELINES}).all())


def test_two_workers_at_once_read_each_call_once(office: Office, sandbox: Sandbox) -> None:
    """Every call tells the story of every message, in an order of its own."""
    sandbox.now = now()
    office.settings = over_sendgrid(office.settings, sandbox.address)
    everyone = [f"r{n}@example.com" for n in range(20)]
    actions_of = [mailed(office, *everyone[part::2]) for part in range(2)]
    story = [
        event(message, kind, to=to)
        for (_, messages), part in zip(actions_of, range(2), strict=True)
        for message, to in zip(messages, everyone[part::2], strict=True)
        for kind in ("delivered", "spamreport")
    ]
    for turn in range(16):
        arrives(office, *(story[turn:] + story[:turn] if turn % 2 else reversed(story)))
    with workers(office, 2) as running:
        assert [worker.wait(120) for worker in running] == [0, 0]
    assert calls(office) == [(True, None)] * 16
    for action_id, _ in actions_of:
        assert kept(office, action_id) == {EventKind.DELIVERED: 10, EventKind.SPAM_REPORT: 10}
    assert opt_outs(office) == ["provider:sendgrid"] * 20


def test_the_latest_event_of_each_delivery_is_shown_page_by_page(office: Office) -> None:
    action_id, messages = mailed(office, *(f"r{n}@example.com" for n in range(5)))
    moment = int(now().timestamp())
    arrives(
        office,
        event(messages[0], "delivered", to="r0@example.com", timestamp=moment),
        event(messages[0], "processed", to="r0@example.com", timestamp=moment),
        event(messages[3], "bounce", to="r3@example.com", type="blocked", reason="421 later"),
    )
    read(office)
    with office.console() as session:
        action = office.locked(session, action_id)
        first, following = delivery_events.listed(session, action, cursor=None, limit=3)
        rest, end = delivery_events.listed(session, action, cursor=following, limit=3)
        assert [each.event.kind if each.event else None for each in first + rest] == [
            EventKind.DELIVERED, None, None, EventKind.BLOCKED, None,
        ]  # fmt: skip
        assert (len(first), end) == (3, None)
        assert [each.event.reason for each in rest if each.event] == ["421 later"]


def test_an_event_is_dated_within_the_life_of_its_message(office: Office) -> None:
    action_id, [message] = mailed(office)
    future, past = int(datetime(2099, 1, 1, tzinfo=UTC).timestamp()), 1
    arrives(
        office, event(message, "processed", timestamp=past), event(message, "delivered", timestamp=future)
    )
    read(office)
    dated = office.column("select occurred_at from delivery_events where action_id = :id", action_id)
    assert all(now() - timedelta(minutes=5) < at < now() + timedelta(minutes=5) for at in dated)
    with office.console() as session:
        assert actions.locked(session, office.tenant, action_id) is not None
