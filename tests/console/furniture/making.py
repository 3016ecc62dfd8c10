"""What people have made: actions, campaigns, assets, links, goals, hold-outs, exports and uploads."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from store import asset_files, events, records
from store.asset_files import Shelf
from store.records import (
    exports,
    requested_runs,
    uploads,
)
from store.records.approvals import Decision
from store.records.people import MemberRole
from store.settings import Role, Settings
from tests.analytics.marts import Marts
from tests.console.campaigns.test_campaign_pages import AD_PERFORMANCE
from tests.console.campaigns.test_campaign_pages import made as a_campaign
from tests.console.campaigns.test_campaigns import in_days
from tests.console.furniture.watching import TABLES
from tests.console.furniture.words import ADDRESS, HTML, LONG, TEXT
from tests.console.library.test_asset_pages import an_upload
from tests.console.library.test_link_pages import a_link, under_test
from tests.console.library.test_links import LANDING
from tests.console.measuring.test_hold_outs import drawn_people
from tests.console.visitors import Person, mail, submitted, written
from tests.console.watching.test_run_pages import RUN
from tests.outbound.office import MailServer, Office
from tests.store.records.test_hold_outs import begun, ended, planned


def actions(office: Office, people: dict[MemberRole, Person], server: MailServer) -> dict[str, list[str]]:
    """One in every state that a page tells apart."""
    marketer, admin = people[MemberRole.MARKETER], people[MemberRole.ADMIN]
    readers = [f"reader{n}@example.com" for n in range(40)]
    waiting = submitted(
        marketer, subject=LONG[:180], body=TEXT, html=HTML, recipient=None, recipients=[*readers, ADDRESS]
    )["id"]
    draft, own = written(marketer, subject="A draft"), submitted(admin, subject="The Admin's own")["id"]
    server.refusals["gone@example.com"] = ["550 <gone@example.com> no such mailbox " + "here" * 40]
    partly = office.approved(to=["gone@example.com", "here@example.com"])
    sent = office.approved(to=["here@example.com"])
    office.send()
    for decision in (Decision.DENIED, Decision.CHANGES_REQUESTED):
        action = office.draft()
        office.approve(action, office.submit(action), decision)
    approved = office.approved(due_at=datetime.now(UTC) + timedelta(days=2))
    with marketer.api() as author:
        changed = mail(subject="Changed since", body=TEXT + "\n\nOr later.")["payload"]
        again = submitted(marketer, subject="Changed since", body=TEXT)["id"]
        author.put(f"/actions/{again}", json={"payload": changed}).raise_for_status()
        author.post(f"/actions/{again}/submit").raise_for_status()
    shown = [waiting, draft, own, partly, sent, approved, again]
    return {
        "GET /actions/{action_id}": [f"/actions/{number}" for number in shown],
        "GET /approvals/batch": [
            f"/approvals/batch?action={waiting}&action={own}&action={again}",
            "/approvals/batch",
        ],
        "GET /actions/{action_id}/html": [f"/actions/{waiting}/html"],
        "GET /actions/{action_id}/edit": [f"/actions/{draft}/edit"],
        "GET /actions/{action_id}/preview": [f"/actions/{draft}/preview"],
        "GET /actions/new/{type}/preview": ["/actions/new/email/preview"],
        "GET /dead-letters/{action_id}": [f"/dead-letters/{partly}"],
    }


def of_campaigns(settings: Settings, people: dict[MemberRole, Person]) -> dict[str, list[str]]:
    marketer = people[MemberRole.MARKETER]
    forms = marketer.forms()
    campaign = a_campaign(
        forms, name=LONG[:190], objective=TEXT, start_date=in_days(-3)[:16], end_date=in_days(9)[:16]
    )
    paused, later = (
        a_campaign(forms, name="Autumn"),
        a_campaign(forms, name="Summer", start_date=in_days(4)[:16]),
    )
    for number in (campaign, paused, later):
        forms.post_signed(f"/campaigns/{number}/publish")
    forms.post_signed(f"/campaigns/{paused}/pause")
    for day in range(5):
        with marketer.api() as author:
            body = mail(subject=f"Mail {day}") | {"campaign_id": campaign, "due_at": in_days(day)}
            author.post("/actions", json=body).raise_for_status()
    today = datetime.now(UTC).date()
    with events.connect(settings) as client:
        client.command(AD_PERFORMANCE)
        rows = [[marketer.tenant, today, "spring", "EUR", 4_000_000, 712_345, 31_234]]
        columns = ["tenant_id", "date_day", "campaign_name", "currency", "spend", "clicks", "conversions"]
        client.insert("marts.ad_performance", rows, column_names=columns)
    return {
        "GET /campaigns/{campaign_id}": [f"/campaigns/{campaign}", f"/campaigns/{paused}"],
        "GET /campaigns/{campaign_id}/edit": [f"/campaigns/{campaign}/edit"],
    }


def of_assets(people: dict[MemberRole, Person]) -> dict[str, list[str]]:
    forms = people[MemberRole.MARKETER].forms()
    picture = an_upload(forms, "unbroken-" * 18 + ".png", tags="winter, " + "long" * 9)
    words = an_upload(forms, "slogans.txt", b"Warm things for cold days.\nWarm things, less money.")
    table = an_upload(forms, "prices.csv", b"coat,price,note\nparka,120,warm\nraincoat,80," + b"dry" * 60)
    forms.post_signed(f"/assets/{words}", name="Slogans", tags="", flags=["do_not_use", "contains_people"])
    return {"GET /assets/{asset_id}": [f"/assets/{number}" for number in (picture, words, table)]}


def of_links(settings: Settings, people: dict[MemberRole, Person]) -> dict[str, list[str]]:
    marketer = people[MemberRole.MARKETER]
    forms = marketer.forms()
    plain = a_link(forms)
    link = a_link(
        forms,
        long_url=LANDING + "?" + "&".join(f"parameter{n}={n * 7}" for n in range(20)),
        title=LONG[:200], channel="email", tags="print, shop",
        to_url=["https://shop.example/" + "at" * 50, "https://shop.example/b"],
        to_weight=["1", "3"], to_countries=["at, de", ""], to_devices=["mobile", ""],
        to_systems=["iOS", ""], to_languages=["de", ""],
    )  # fmt: skip
    under_test(settings, marketer, link)
    today = datetime.now(UTC).date()
    with events.connect(settings) as client:
        for table, columns in TABLES.items():
            client.command(f"drop table if exists {table}")
            client.command(f"create table {table} ({columns}) engine = MergeTree order by tenant_id")
        client.insert(
            "marts.link_daily",
            [
                [marketer.tenant, today - timedelta(days=ago), link, 90 + ago, 70 + ago * ago % 37, 20, 60]
                for ago in range(60)
            ],
            column_names=[
                "tenant_id",
                "date_day",
                "link_id",
                "clicks",
                "human_clicks",
                "bot_clicks",
                "human_visitors",
            ],
        )
        places = [
            ("AT", "mobile", "news.example"),
            ("DE", "desktop", "very-long-host-of-a-newspaper." * 4),
            ("", "", ""),
        ]
        client.insert(
            "staging.stg_events",
            [
                [
                    marketer.tenant,
                    f"c{n}",
                    "click",
                    today,
                    link,
                    "",
                    "",
                    *places[n % 3],
                    n % 9 == 0,
                    ["preview"],
                ]
                for n in range(200)
            ],
            column_names=[
                "tenant_id", "event_id", "event", "occurred_on", "link_id", "click_id", "visitor_id", "country", "device",
                "referrer_host", "is_bot", "bot_reasons",
            ],
        )  # fmt: skip
    return {
        "GET /links/{link_id}": [f"/links/{link}", f"/links/{plain}"],
        "GET /links/{link_id}/edit": [f"/links/{link}/edit"],
    }


def of_goals(people: dict[MemberRole, Person]) -> dict[str, list[str]]:
    """One that counts at the head, one with long words that nothing comes in for, and one that is over."""
    with people[MemberRole.ANALYST].api() as analyst:
        terms = [
            {
                "name": "Clicks on short links",
                "event": "click",
                "counting": "once",
                "fixed_value": "1234567.5",
            },
            {"name": LONG[:190], "event": "unbroken_" * 7, "refund_event": "", "currency": "JPY"},
            {"name": "Old leads", "event": "lead"},
        ]
        made = [analyst.post("/goals", json=each).raise_for_status().json()["id"] for each in terms]
        analyst.delete(f"/goals/{made[2]}").raise_for_status()
        split = {"visitor_id": "till", "person_id": "ann", "reason": LONG}
        analyst.post("/identity/splits", json=split).raise_for_status()
    return {"GET /goals/{goal_id}": [f"/goals/{number}" for number in made]}


def of_hold_outs(settings: Settings, people: dict[MemberRole, Person]) -> dict[str, list[str]]:
    """One that is to come, one that runs, one that has found something, one that has not, and one that was called off."""
    tenant, today = people[MemberRole.ADMIN].tenant, datetime.now(UTC).date()
    in_days = [today + timedelta(days=ahead) for ahead in range(-60, 30)]
    half = Decimal("0.5")
    made = [
        planned(settings, tenant, question=LONG),
        begun(settings, tenant, in_days[50], in_days[70], name=LONG[:190]),
        begun(settings, tenant, in_days[20], in_days[40], name="Letters in spring", share=half),
        begun(settings, tenant, in_days[42], in_days[58], name="Retargeting", share=half),
        ended(settings, tenant, planned(settings, tenant, name="Never mind").id),
    ]
    with events.connect(settings) as client:
        rows = Marts(client)
        bought = drawn_people(rows, tenant, 600, made[2], treated=0.3, held_out=0.1)
        bought += drawn_people(rows, tenant, 0, made[3], treated=0.2, held_out=0.2)
        assert bought
    one, paths = "GET /hold-outs/{hold_out_id}", [f"/hold-outs/{it.id}" for it in made]
    looked_for = [f"{paths[2]}?person=user:1", f"{paths[2]}?person=nobody"]
    return {"GET /hold-outs/new": ["/hold-outs/new", "/hold-outs/new?days=56"], one: [*paths, *looked_for]}


def of_exports(settings: Settings, people: dict[MemberRole, Person]) -> None:
    """One in every state."""
    analyst = people[MemberRole.ANALYST]
    reports: list[tuple[str, dict[str, Any]]] = [
        ("funnel", {"steps": ["unbroken" * 8, "lead", "purchase"]}),
        ("conversions", {"from": "2026-01-01", "to": "2026-03-31"}),
        ("channels", {}),
        ("timeseries", {"metric": "roas", "gran": "w", "campaign": LONG[:150]}),
    ]
    with analyst.api() as api:
        failing, over, ready, _waiting = [
            api.post("/exports", json={"report": report, "format": "xlsx", "arguments": asked}).json()
            for report, asked in reports
        ]
    shelf = asset_files.of(settings, Shelf.EXPORTS)
    for made, lasts in ((over, timedelta(days=-1)), (ready, timedelta(days=6))):
        with records.session(settings, Role.PIPELINES) as session:
            taken = requested_runs.take(session, made["request_id"], RUN)
            export = exports.by_number(session, analyst.tenant, made["id"])
            assert taken
            assert export
            exports.note_bytes(session, export, shelf.put(analyst.tenant, b"Day,Spend"))
            until = datetime.now(UTC) + lasts
            exports.is_ready(session, taken.actor, export, rows=123_456, size=6_543_210, expires_at=until)
            requested_runs.finish(session, taken, {"rows": 123_456})
    with records.session(settings, Role.PIPELINES) as session:
        taken = requested_runs.take(session, failing["request_id"], RUN)
        assert taken
        requested_runs.fail(
            session, taken, "It has more than 500,000 rows; ask for fewer days. " + LONG[:200]
        )


def of_uploads(settings: Settings, people: dict[MemberRole, Person]) -> dict[str, list[str]]:
    """One with everything that can be said of a list, and one in each other state."""
    marketer = people[MemberRole.MARKETER]
    day = datetime.now(UTC).date() - timedelta(days=5)
    heading = "when,event,user_id,channel,value,currency,order_id,notes\n"
    touches = "".join(
        f"{day},offline_touch,u{n},{word},,,,\n" for n in range(9) for word in ("fair", "unbroken" * 12)
    )
    sales = "".join(
        f"{day},purchase,u{n},,{n}234567.50,{code},o{n},\n" for n in range(9) for code in ("EUR", "JPY")
    )
    wrong = "".join(f"{day},{'unbroken' * 9}{n},u,,-{n},,,\n" for n in range(130))
    lists = {
        "wrong.csv": heading + wrong,
        "unbroken" * 20 + ".csv": f"{heading}{touches}{sales}{day},refund,,,3,,,\n{wrong}",
        "gone.csv": heading + sales,
        "failed.csv": heading + touches,
        "added.csv": heading + sales,
        "waiting.csv": heading + touches,
    }
    with marketer.api() as api:
        made = [
            api.post("/uploads", json={"file_name": name, "text": text}).raise_for_status().json()["id"]
            for name, text in lists.items()
        ]
        _wrong, _long, gone, failed, added, waiting = made
        api.delete(f"/uploads/{gone}").raise_for_status()
        asked = {
            number: api.post(f"/uploads/{number}/confirm").raise_for_status().json()["request_id"]
            for number in (failed, added, waiting)
        }
    with records.session(settings, Role.PIPELINES) as session:
        taken = requested_runs.take(session, asked[failed], RUN)
        assert taken
        requested_runs.fail(session, taken, f"There is no such upload any more. {LONG[:200]}")
        taken = requested_runs.take(session, asked[added], RUN)
        upload = uploads.by_number(session, marketer.tenant, added)
        assert taken
        assert upload
        uploads.note_taken(session, upload, lines=18, added=17)
        uploads.is_added(session, taken.actor, upload)
        requested_runs.finish(session, taken, {"lines": 18, "added": 17})
    return {"GET /uploads/{upload_id}": [f"/uploads/{number}" for number in made]}
