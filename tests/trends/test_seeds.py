"""Seeds: the feeds people list in a file."""

from pathlib import Path

import pytest
from sqlalchemy import select

from marketing_pipelines.trends import seeds
from marketing_pipelines.trends.seeds import SeedError
from store import records
from store.records.feeds import Feed, FeedStatus
from store.records.schema import TenantId
from store.settings import Role, Settings


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "feeds.yaml"
    path.write_text(text)
    return path


def test_the_shipped_feeds_load():
    assert [seed.name for seed in seeds.load()] == ["HackerNews", "TechCrunch", "ProductHunt"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("feeds:\n - name: x", "feeds.0.url"),
        ("feeds:\n - {name: x, url: 'file:///etc/passwd'}", "feeds.0.url"),
        ("feeds:\n - {name: '', url: 'https://a.example/'}", "feeds.0.name"),
        ("feeds:\n - {name: x, url: 'https://a.example/', weight: -1}", "feeds.0.weight"),
        ("feeds:\n - {name: x, url: 'https://a.example/', colour: red}", "feeds.0.colour"),
        ("feeds: none", "feeds"),
        ("[", "feeds.yaml"),
        ("", "the file"),
    ],
)
def test_a_wrong_file_says_where(tmp_path: Path, text: str, told: str):
    with pytest.raises(SeedError, match=told):
        seeds.load(written(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(SeedError, match=r"nowhere\.yaml"):
        seeds.load(tmp_path / "nowhere.yaml")


def test_planting_twice_adds_nothing_and_keeps_what_people_changed(
    house: Settings, tenant: TenantId, tmp_path: Path
):
    listed = seeds.load(
        written(tmp_path, "feeds:\n - {name: x, url: 'https://a.example/feed', topic: boots}")
    )
    with records.session(house, Role.PIPELINES) as session:
        assert seeds.plant(session, tenant, listed) == 1
        feed = session.scalars(select(Feed).where(Feed.tenant_id == tenant)).one()
        feed.topic, feed.status = "coats", FeedStatus.RETIRED
        assert seeds.plant(session, tenant, listed) == 0
        assert seeds.plant(session, tenant, []) == 0
        session.refresh(feed)
        assert feed.topic == "coats"
