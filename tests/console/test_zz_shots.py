from datetime import UTC, datetime, timedelta
import random
import pytest
from sqlalchemy import text
from store import records
from store.settings import Role
from store.records.people import MemberRole
from tests.console.test_browser import opened, sign_in_by_keyboard, HTML, TEXT
from tests.console.test_pages import CHANNEL_DAILY
from tests.console.visitors import submitted, written, mail


@pytest.mark.browser
def test_shots(browser, settings, clickhouse, people, tmp_path):
    clickhouse.command(CHANNEL_DAILY)
    t = people[MemberRole.ADMIN].tenant
    with records.session(settings, Role.OWNER) as s:
        s.execute(text("update tenants set name='Nordlicht Outdoor' where id=:t"), {"t": t})
        for role, name in zip(
            MemberRole, ["Ada Admin", "Mia Marketer", "Amir Approver", "Ana Analyst", "Vito Viewer"]
        ):
            s.execute(text("update users set name=:n where id=:i"), {"n": name, "i": people[role].id})
    rnd = random.Random(3)
    rows = []
    for d in range(14):
        for ch, sp in (
            ("paid_search", 180),
            ("paid_social", 120),
            ("email", 0),
            ("organic_search", 0),
            ("referral", 0),
        ):
            spend = round(sp * rnd.uniform(0.7, 1.3), 2)
            rows.append(
                [
                    t,
                    datetime.now(UTC).date() - timedelta(days=d),
                    ch,
                    "EUR",
                    0,
                    0,
                    rnd.randint(40, 300),
                    spend,
                    rnd.uniform(1, 9),
                    round(rnd.uniform(100, 800), 2),
                ]
            )
    clickhouse.insert(
        "marts.channel_daily",
        rows,
        column_names=[
            "tenant_id",
            "date_day",
            "channel",
            "currency",
            "visits",
            "impressions",
            "clicks",
            "spend",
            "conversions",
            "conversions_value",
        ],
    )
    m = people[MemberRole.MARKETER]
    a = people[MemberRole.APPROVER]
    ids = {}
    for subj, n in (
        ("Winter sale: warm things, 20 % off", 240),
        ("Your order ships today", 1),
        ("Trail notes, November", 1820),
    ):
        ids[subj] = submitted(
            m,
            subject=subj,
            body=TEXT,
            html=HTML,
            recipient=None,
            recipients=[f"reader{i}@example.com" for i in range(n)],
        )
    d = submitted(m, subject="Everything costs nothing", body="x")
    with a.api() as api:
        api.post(f"/actions/{d['id']}/deny", json={"note": "The price is wrong: 0 EUR."})
        x = submitted(m, subject="Boots are back", body=TEXT)
        api.post(f"/actions/{x['id']}/approve", json={"note": "Nice."})
        y = submitted(m, subject="Spring preview", body=TEXT)
        api.post(f"/actions/{y['id']}/request-changes", json={"note": "Shorter, please."})
    dr = written(m, subject="Hut tour with Jonas", body=TEXT)
    paths = {
        "overview": "/",
        "approvals": "/approvals",
        "actions": "/actions",
        "approval": f"/actions/{ids['Winter sale: warm things, 20 % off']['id']}",
        "denied": f"/actions/{d['id']}",
        "draft": f"/actions/{dr}",
        "kill": "/kill-switch",
        "missing": "/actions/99999999",
    }
    for scheme in ("light", "dark"):
        for who, p in (("approver", a), ("marketer", m)):
            with opened(
                browser, p.site, color_scheme=scheme, viewport={"width": 1280, "height": 860}
            ) as page:
                page.goto("/login")
                page.screenshot(path=tmp_path / f"login-{scheme}.png")
                sign_in_by_keyboard(page, p)
                for name, path in paths.items():
                    page.goto(path)
                    page.wait_for_load_state("networkidle")
                    page.screenshot(path=tmp_path / f"{who}-{name}-{scheme}.png", full_page=True)
                if who == "approver":
                    page.set_viewport_size({"width": 390, "height": 800})
                    for name, path in paths.items():
                        page.goto(path)
                        page.wait_for_load_state("networkidle")
                        page.screenshot(path=tmp_path / f"phone-{name}-{scheme}.png", full_page=True)
    people[MemberRole.ADMIN].forms().post_signed(
        "/kill-switch/pull", reach="tenant", reason="Wrong price in the winter mail"
    )
    for scheme in ("light", "dark"):
        p = people[MemberRole.ADMIN]
        with opened(browser, p.site, color_scheme=scheme, viewport={"width": 1280, "height": 860}) as page:
            sign_in_by_keyboard(page, p)
            page.goto("/kill-switch")
            page.screenshot(path=tmp_path / f"admin-killed-{scheme}.png", full_page=True)
            page.keyboard.press("Tab")
            page.keyboard.press("Tab")
            page.keyboard.press("Tab")
            page.keyboard.press("Tab")
            page.screenshot(path=tmp_path / f"admin-focus-{scheme}.png")
