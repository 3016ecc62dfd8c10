"""What comes from elsewhere: connections, feeds and the stories in them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from marketing_pipelines.trends import past_readings, scoring
from marketing_pipelines.trends.past_readings import PastReading
from marketing_pipelines.trends.publishers.troubles import Trouble
from store import events, records
from store.audit import Actor, ActorKind
from store.records import (
    accounts,
    ads,
    connections,
    places,
)
from store.records.accounts import AccountStatus, AdAccount
from store.records.ads import AdCampaign, Inventory, Showing
from store.records.connections import Connection
from store.records.database import Session
from store.records.feeds import Feed, FeedStatus
from store.records.people import MemberRole
from store.records.schema import FeedId
from store.settings import Role, Settings
from tests.ad_inventory import ad, ad_set, campaign
from tests.console.furniture.words import LONG
from tests.console.visitors import Person
from tests.console.watching.test_run_pages import RUN
from tests.trends.newsroom import HOUR, NOON, Newsroom

ENTRIES = [
    "tenant_id", "feed_id", "entry_id", "content_hash", "title", "link", "summary", "author", "published_at", "first_seen_at",
    "run_id",
]  # fmt: skip


def of_connections(settings: Settings, people: dict[MemberRole, Person]) -> dict[str, list[str]]:
    """One that works with accounts of every kind, one that does not open any more, and one that is over."""
    tenant, actor = people[MemberRole.ADMIN].tenant, Actor(ActorKind.USER, str(people[MemberRole.ADMIN].id))
    soon = int((datetime.now(UTC) + timedelta(days=3)).timestamp())
    made: list[int] = []
    with records.session(settings, Role.OWNER) as session:
        for channel, name in (
            ("google_ads", f"Google {LONG[:150]}"),
            ("google_ads", "unbroken" * 20),
            ("meta", "Over"),
        ):
            granted = {"access_token": "x", "expires_at": soon}
            row = connections.connect(
                session, settings, actor, tenant, channel, name[:200], granted, scopes=["a-scope", "another"]
            )
            made.append(row.id)
            for status in AccountStatus:
                account = accounts.read_from_now_on(
                    session, actor, row, f"{row.id}-{status}", f"Shop {LONG[:120]}"
                )
                account.status, account.last_synced_at = status, datetime.now(UTC)
                places.publish_to(session, actor, row, "facebook", f"{row.id}-{status}", f"Page {LONG[:150]}")
                account.last_error = (
                    None if status is AccountStatus.CONNECTED else f"Answered 500, {'again' * 60}"
                )
        connections.mark_broken(
            session.get_one(Connection, made[1]), ValueError("revoked " + "because " * 90)
        )
        connections.disconnect(session, actor, session.get_one(Connection, made[2]))
        standing = _ads_stand_there(session, session.get_one(Connection, made[0]))
    return {
        "GET /ads": ["/ads", "/ads?text=nothing+is+like+this"],
        "GET /ads/{ad_campaign_id}": [f"/ads/{number}" for number in standing],
        "GET /connections": ["/connections", "/connections?trouble=It+took+too+long"],
        "GET /connections/callback": ["/connections/callback?error=access_denied"],
        "GET /connections/new/{channel}": ["/connections/new/meta"],
        "GET /connections/{connection_id}": [f"/connections/{number}" for number in made],
    }


def _ads_stand_there(session: Session, connection: Connection) -> list[int]:
    """Campaigns with long words, with many ads, and with nothing in them; gives their numbers."""
    account = session.scalars(
        select(AdAccount).where(AdAccount.connection_id == connection.id).limit(1)
    ).one()
    account.currency = "EUR"
    at = datetime.now(UTC)
    audience = {
        "countries": ["DE", "AT", "CH"], "places": [LONG[:120]], "languages": ["de"], "youngest": 25, "oldest": 64,
        "lists": ["unbroken" * 20, "Buyers"], "without": ["Everybody who has bought"],
    }  # fmt: skip
    found = Inventory(
        [campaign("7001", name=LONG[:400], objective="OUTCOME_TRAFFIC", daily_budget=Decimal(1_234_567), why=LONG[:900]),
         *(campaign(f"700{n}", name=f"Spring {n}", status=status) for n, status in enumerate(Showing, 2))],
        [ad_set("8001", "7001", name="unbroken" * 30, audience=audience, placements=["facebook", "unbroken" * 20],
                highest_bid=Decimal("2.5"), daily_budget=Decimal(99), why="Learning " * 20),
         ad_set("8002", "7001"), ad_set("8003", "7002", name="")],
        [ad(f"90{n:02}", "8001", status=list(Showing)[n % 6], said="PENDING_REVIEW", why=LONG[:500] if n % 3 else "",
            headline=LONG[:300] if n % 2 else "", text=LONG[:1000], leads_to=f"https://shop.example/{'coats' * 40}",
            format="responsive_search_ad", creative_id="unbroken" * 20) for n in range(30)],
    )  # fmt: skip
    for days in range(3):
        ads.keep(session, account, found, at - timedelta(days=2 - days))
    return list(
        session.scalars(
            select(AdCampaign.id)
            .where(AdCampaign.ad_account_id == account.id)
            .order_by(AdCampaign.id)
            .limit(3)
        )
    )


def of_feeds(settings: Settings, people: dict[MemberRole, Person]) -> dict[str, list[str]]:
    """One that is read well, one that has failed for days, one that is over and one that nobody has read yet, in pages."""
    tenant, today = people[MemberRole.MARKETER].tenant, datetime.now(UTC)
    hour, day = timedelta(hours=1), timedelta(days=1)
    known: list[dict[str, Any]] = [
        {"name": "Shop talk", "url": "https://talk.example/feed", "topic": "trade / makers", "status": FeedStatus.OK,
         "last_fetched_at": today - hour / 2, "last_success_at": today - hour / 2, "next_fetch_at": today + hour / 2,
         "site_url": "https://talk.example/", "moved_from": "http://old-talk.example/rss?format=xml", "moved_at": today - day},
        {"name": LONG[:190], "url": f"https://news.example/{'unbroken' * 20}", "topic": "unbroken" * 12,
         "status": FeedStatus.FAILING, "failures": 17, "last_success_at": today - 6 * day,
         "last_error": f"The host answers 500 {'because ' * 40}. {Trouble.SERVER.advice}", "next_fetch_at": today + 9 * hour},
        {"name": "Over", "url": "https://over.example/feed", "status": FeedStatus.RETIRED,
         "last_error": f"The host answers 410 Gone. {Trouble.GONE.advice}", "last_success_at": today - 40 * day},
        {"name": "Not read yet", "url": "https://new.example/feed", "obeys_robots": True},
    ]  # fmt: skip
    with records.session(settings, Role.PIPELINES, tenant=tenant) as session:
        session.add_all(
            Feed(tenant_id=tenant, name=f"Feed {n}", url=f"https://{n}.example/", topic="trade")
            for n in range(60)
        )
        rows = [Feed(tenant_id=tenant, **facts) for facts in known]
        session.add_all(rows)
        session.flush()
        made = [FeedId(row.id) for row in rows]
    told = [
        [
            tenant,
            made[0],
            f"{ago}",
            "x",
            LONG if ago % 5 == 0 else f"Boots are back, part {ago}",
            link,
            "",
            "",
            at,
            at,
            RUN,
        ]
        for ago in range(120)
        for at in (today - ago * 2.7 * hour,)
        for link in ("https://talk.example/boots" if ago % 3 else "",)
    ]
    with events.connect(settings) as client:
        client.insert("raw.feed_entries", told, column_names=ENTRIES)
        for ago in range(30):
            feed, outcome = (
                made[ago % 5 == 0],
                ("server" if ago % 5 == 0 else "unchanged" if ago % 2 else "read"),
            )
            shown = 0 if outcome != "read" else 50
            reading = PastReading(
                feed, outcome, shown, shown // 9, shown * 1_234, timedelta(milliseconds=120 + 9 * ago)
            )
            past_readings.remember(client, tenant, [reading], at=today - ago * hour, run_id=RUN)
    return {
        "GET /feeds": ["/feeds", "/feeds?status=failing", "/feeds?text=nothing+is+like+this"],
        "GET /feeds/new": ["/feeds/new", "/feeds/new?url=https://news.example/feed"],
        "GET /feeds/import": ["/feeds/import"],
        "GET /feeds/{feed_id}": [f"/feeds/{number}" for number in made],
        "GET /feeds/{feed_id}/edit": [f"/feeds/{made[1]}/edit"],
    }


def of_stories(settings: Settings, people: dict[MemberRole, Person]) -> dict[str, list[str]]:
    """One that another went into, with a score as of every hour, and topics of which more is told than usual."""
    tenant = people[MemberRole.MARKETER].tenant
    story, other = "5" * 32, "6" * 32
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with events.connect(settings) as client:
        newsroom = Newsroom(client, tenant)
        for feed in range(9):
            newsroom.tells(story, feed, 30 - 4 * feed, topic="shops", title=f"{LONG[:150]} {feed}")
        newsroom.tells(other, 10, 8, "moves", title="unbroken" * 12)
        newsroom.tells(story, 10, 8, "moves", known=1, was=other, why="merged")
        for hour in range(30):
            scores = scoring.score_as_of(client, NOON - hour * HOUR).filter(tenant_id=tenant)
            client.insert_arrow("raw.trend_scores", scores.to_arrow())
        client.insert(
            "raw.topic_scores",
            [[tenant, today + n * HOUR, "shops" + "unbroken" * n, 30, 4.5, 6.2, True] for n in range(3)],
            column_names=["tenant_id", "as_of", "topic", "mentions", "expected", "z", "is_burst"],
        )
    return {
        "GET /trends/stories/{story_id}": [
            f"/trends/stories/{story}",
            f"/trends/stories/{other}",
            f"/trends/stories/{story}?as_of={NOON - 9 * HOUR:%Y-%m-%dT%H:%M:%SZ}",
        ]
    }
