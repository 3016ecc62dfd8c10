"""Short links over the API: made as a bare body says, walled off, and counted with people and bots told apart."""

import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from collector.directory.preparing import LinkRow, prepared
from console.app import create_app
from store import events, records
from store.audit import Actor, ActorKind
from store.records import links
from store.records.campaigns import Campaign
from store.records.people import MemberRole
from store.records.schema import TenantId
from store.settings import Role, Service, Settings
from tests.console.conftest import served
from tests.console.visitors import Person, person
from tests.days import today

LANDING = "https://example.com/landing"


def a_campaign(house: Settings, tenant: TenantId, utm_campaign: str = "spring sale") -> int:
    with records.session(house, Role.OWNER) as session:
        campaign = Campaign(tenant_id=tenant, name="Spring", utm_campaign=utm_campaign)
        session.add(campaign)
        session.flush()
        return campaign.id


def test_the_plain_body_makes_a_link_that_works(house: Settings, marketer: Person) -> None:
    campaign = a_campaign(house, marketer.tenant)
    with marketer.api() as api:
        made = api.post("/links", json={"campaign_id": campaign, "channel": "email", "long_url": LANDING})
        assert made.status_code == 201, made.text
        link = made.json()
        assert made.headers["location"] == f"/api/links/{link['id']}"
        assert link["short_url"] == f"{house.address(Service.COLLECTOR)}/r/{link['slug']}"
        assert link["long_url"] == LANDING
        assert link["utm"] == {
            "utm_source": "email", "utm_medium": "email", "utm_campaign": "spring sale",
        }  # fmt: skip
        tags = "utm_source=email&utm_medium=email&utm_campaign=spring+sale"
        assert link["target_url"] == f"{LANDING}?{tags}"
        assert link["warnings"] == []
        assert api.get(f"/links/{link['id']}").json() == link
        [entry] = api.get("/audit", params={"entity": "link"}).json()["items"]
        assert (entry["action"], entry["entity_id"]) == ("add", str(link["id"]))


def test_the_redirector_leads_where_the_api_says(house: Settings, marketer: Person) -> None:
    campaign = a_campaign(house, marketer.tenant, "summer")
    with marketer.api() as api:
        body = {"campaign_id": campaign, "channel": "instagram", "long_url": f"{LANDING}?utm_source=own#x"}
        link = api.post("/links", json=body).json()
    row = LinkRow(
        link["slug"], marketer.tenant, link["id"], link["long_url"], campaign, "instagram", "summer"
    )
    assert prepared(row).target == link["target_url"]
    assert any("utm_source of its own" in warning for warning in link["warnings"])


def test_terms_are_kept_and_what_stands_out_is_said(marketer: Person) -> None:
    slug = f"k-{uuid.uuid4().hex[:10]}"
    terms = {
        "long_url": "http://example.com",
        "slug": slug,
        "title": " The  sale ",
        "tags": ["print", "print", "shop"],
        "starts_at": "2026-01-01T00:00:00Z",
        "expires_at": "2026-02-01T00:00:00+01:00",
        "max_clicks": 5,
    }
    with marketer.api() as api:
        link = api.post("/links", json=terms).raise_for_status().json()
        assert (link["slug"], link["title"], link["tags"]) == (slug, "The sale", ["print", "shop"])
        assert (link["max_clicks"], link["fallback_url"], link["archived_at"]) == (5, None, None)
        said = " ".join(link["warnings"])
        for word in ("https", "expired", "channel", "campaign", "fallback_url"):
            assert word in said
        taken = api.post("/links", json=terms)
        assert (taken.status_code, taken.json()["errors"][0]["field"]) == (409, "slug")


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("long_url", {}),
        ("long_url", {"long_url": "example.com"}),
        ("long_url", {"long_url": "javascript:alert(1)"}),
        ("long_url", {"long_url": "https://user:word@example.com"}),
        ("long_url", {"long_url": f"https://example.com/{'x' * 2048}"}),
        ("long_url", {"long_url": "https://example.com/\nx"}),
        ("fallback_url", {"long_url": LANDING, "fallback_url": "ftp://example.com"}),
        ("slug", {"long_url": LANDING, "slug": "a b"}),
        ("slug", {"long_url": LANDING, "slug": "robots.txt"}),
        ("channel", {"long_url": LANDING, "channel": "x" * 41}),
        ("channel", {"long_url": LANDING, "channel": "a\u0007"}),
        ("campaign_id", {"long_url": LANDING, "campaign_id": "1; drop table links"}),
        ("campaign_id", {"long_url": LANDING, "campaign_id": 0}),
        ("max_clicks", {"long_url": LANDING, "max_clicks": 0}),
        ("starts_at", {"long_url": LANDING, "starts_at": "2026-01-01T00:00:00"}),
        ("tags", {"long_url": LANDING, "tags": ["x"] * 31}),
        ("target_url", {"long_url": LANDING, "target_url": LANDING}),
        (
            "expires_at",
            {"long_url": LANDING, "starts_at": "2026-02-01T00:00:00Z", "expires_at": "2026-01-01T00:00:00Z"},
        ),
    ],
)
def test_what_is_no_link_is_refused_by_field(marketer: Person, field: str, body: dict[str, Any]) -> None:
    with marketer.api() as api:
        refused = api.post("/links", json=body)
    assert refused.status_code == 422, refused.text
    assert [error["field"].partition(".")[0] for error in refused.json()["errors"]] == [field]


def test_no_link_leads_back_to_us_or_to_a_blocked_host(house: Settings, marketer: Person) -> None:
    host = f"evil-{uuid.uuid4().hex[:8]}.example"
    with records.session(house, Role.OWNER) as session:
        links.block(session, Actor(ActorKind.OPERATOR, "test"), f".{host}", "phishing")
    with marketer.api() as api:
        for field, url in (
            ("long_url", f"{house.address(Service.COLLECTOR)}/r/x"),
            ("long_url", f"https://www.{host}/"),
            ("fallback_url", f"https://{host}"),
        ):
            refused = api.post("/links", json={"long_url": LANDING} | {field: url})
            assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


def test_another_tenants_links_and_campaigns_are_none(
    house: Settings, marketer: Person, strangers: dict[MemberRole, Person]
) -> None:
    stranger = strangers[MemberRole.MARKETER]
    theirs = a_campaign(house, stranger.tenant)
    with marketer.api() as api, stranger.api() as other:
        refused = api.post("/links", json={"long_url": LANDING, "campaign_id": theirs})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (404, "campaign_id")
        link = api.post("/links", json={"long_url": LANDING}).json()["id"]
        assert other.get(f"/links/{link}").status_code == 404
        assert other.get(f"/links/{link}/stats").status_code == 404
        assert other.get("/links").json()["items"] == []


def test_they_come_a_page_at_a_time_and_by_campaign(house: Settings, marketer: Person) -> None:
    campaign = a_campaign(house, marketer.tenant)
    with marketer.api() as api:
        made = [
            api.post("/links", json={"long_url": LANDING, "campaign_id": campaign if n % 2 else None}).json()[
                "id"
            ]
            for n in range(5)
        ]
        first = api.get("/links", params={"limit": 3}).json()
        rest = api.get("/links", params={"limit": 3, "cursor": first["next_cursor"]}).json()
        assert [it["id"] for it in first["items"] + rest["items"]] == made[::-1]
        assert rest["next_cursor"] is None
        ours = api.get("/links", params={"campaign_id": campaign}).json()["items"]
        assert [it["id"] for it in ours] == [made[3], made[1]]


def test_without_clickhouse_the_figures_say_so(marketer: Person, house: Settings) -> None:
    away = house.model_copy(update={"clickhouse_url": SecretStr("http://127.0.0.1:9/")})
    with served(create_app(away)) as site:
        there = person(away, site, marketer.tenant, MemberRole.MARKETER)
        with there.api() as api:
            link = api.post("/links", json={"long_url": LANDING}).json()["id"]
            answer = api.get(f"/links/{link}/stats")
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"
            assert api.get(f"/links/{link}").status_code == 200


@pytest.fixture
def counted(settings: Settings) -> Iterator[events.Client]:
    """The tables that the models build, empty, and none of them afterwards."""
    made = {
        "marts.link_daily": "tenant_id Int64, date_day Date, link_id Int64, clicks UInt64, human_clicks UInt64, "
        "bot_clicks UInt64, human_visitors UInt64, variant_id Int64, variant_name String",
        "staging.stg_events": "tenant_id Int64, event_id String, event LowCardinality(String), occurred_on Date, "
        "link_id Int64, click_id String, visitor_id String, country LowCardinality(String), "
        "device LowCardinality(String), referrer_host String, is_bot Bool, bot_reasons Array(String)",
    }
    with events.connect(settings) as client:
        for table, columns in made.items():
            client.command(f"drop table if exists {table}")
            client.command(f"create table {table} ({columns}) engine = MergeTree order by tenant_id")
        yield client
        for table in made:
            client.command(f"drop table if exists {table}")


def click(tenant: int, link: int, number: int, country: str, *, is_bot: bool = False) -> list[Any]:
    return [
        tenant,
        f"c{number}",
        "click",
        today(),
        link,
        "",
        "",
        country,
        "mobile",
        "news.example",
        is_bot,
        ["preview"] if is_bot else [],
    ]


def visit(tenant: int, number: int, visitor: str) -> list[Any]:
    return [
        tenant,
        f"v{number}",
        "page_view",
        today(),
        0,
        f"c{number}",
        visitor,
        "AT",
        "mobile",
        "",
        False,
        [],
    ]


def test_figures_tell_people_from_bots_by_day_and_by_kind(marketer: Person, counted: events.Client) -> None:
    with marketer.api() as api:
        link = api.post("/links", json={"long_url": LANDING}).json()["id"]
        tenant, yesterday = marketer.tenant, today() - timedelta(days=1)
        daily = ["tenant_id", "date_day", "link_id", "clicks", "human_clicks", "bot_clicks", "human_visitors"]
        counted.insert(
            "marts.link_daily",
            [
                [tenant, today(), link, 4, 3, 1, 2],
                [tenant, yesterday, link, 1, 1, 0, 1],
                [tenant, today() - timedelta(days=60), link, 9, 9, 0, 9],
                [tenant, today(), link + 1, 9, 9, 0, 9],
                [tenant + 1, today(), link, 9, 9, 0, 9],
            ],
            column_names=daily,
        )
        counted.insert(
            "staging.stg_events",
            [
                click(tenant, link, 1, "AT"),
                click(tenant, link, 2, "AT"),
                click(tenant, link, 3, "DE"),
                click(tenant, link, 4, "US", is_bot=True),
                click(tenant + 1, link, 5, "FR"),
                visit(tenant, 1, "ann"),
                visit(tenant, 2, "ann"),
                visit(tenant, 3, "ben"),
                visit(tenant + 1, 5, "eve"),
            ],
        )
        stats = api.get(f"/links/{link}/stats").raise_for_status().json()
        assert stats["clicks"] == {"all": 5, "people": 4, "bots": 1}
        assert (stats["previews"], stats["by_variant"]) == (1, [])
        assert stats["visitors"] == 2
        assert [(it["date"], it["people"], it["bots"], it["visitors"]) for it in stats["by_day"]] == [
            (str(yesterday), 1, 0, 1),
            (str(today()), 3, 1, 2),
        ]
        assert [(it["value"], it["people"], it["bots"]) for it in stats["by_country"]] == [
            ("AT", 2, 0), ("DE", 1, 0), ("US", 0, 1),
        ]  # fmt: skip
        assert [(it["value"], it["all"]) for it in stats["by_device"]] == [("mobile", 4)]
        assert [(it["value"], it["all"]) for it in stats["by_referrer"]] == [("news.example", 4)]
        one_day = api.get(
            f"/links/{link}/stats", params={"since": str(yesterday), "until": str(yesterday)}
        ).json()
        assert one_day["clicks"]["all"] == 1
        assert one_day["by_country"] == []


def test_before_the_first_build_nothing_was_clicked(marketer: Person, settings: Settings) -> None:
    with marketer.api() as api:
        link = api.post("/links", json={"long_url": LANDING}).json()["id"]
        stats = api.get(f"/links/{link}/stats").raise_for_status().json()
    assert (stats["clicks"]["all"], stats["visitors"], stats["by_day"]) == (0, 0, [])


@pytest.mark.parametrize(
    "span",
    [
        {"since": "yesterday"},
        {"since": date(2026, 3, 1), "until": date(2026, 2, 1)},
        {"since": date(2020, 1, 1), "until": date(2026, 1, 1)},
    ],
)
def test_a_span_that_is_none_is_refused(marketer: Person, span: dict[str, Any]) -> None:
    with marketer.api() as api:
        link = api.post("/links", json={"long_url": LANDING}).json()["id"]
        refused = api.get(f"/links/{link}/stats", params=span)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "since")


def test_viewers_read_and_do_not_make(people: dict[MemberRole, Person]) -> None:
    with people[MemberRole.VIEWER].api() as viewer:
        assert viewer.get("/links").status_code == 200
        assert viewer.post("/links", json={"long_url": LANDING}).status_code == 403
