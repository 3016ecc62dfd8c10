"""The invented shop, over HTTP."""

import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from cli.demo import people, seed, shop
from cli.demo.news.outlets import OUTLETS, Outlet
from cli.demo.site.app import create_app
from cli.readiness import answers_tcp
from marketing_pipelines.trends import feeds
from marketing_pipelines.trends.parsing import discovery
from store import records
from store.records.experiments import Experiment, ExperimentStatus, Variant, set_weights
from store.settings import Role, Service, Settings
from tests.conftest import environment_of, process, wait_until


@pytest.fixture(scope="module")
def site(demo_house: Settings) -> Iterator[httpx.Client]:
    seed.seed(demo_house)
    assert demo_house.database_url
    environment = environment_of(demo_house) | {"DATABASE_URL": demo_house.database_url.get_secret_value()}
    log = demo_house.data_dir / "site.log"
    with process([sys.executable, "-m", "cli.demo.site"], environment, log):
        wait_until("the shop", lambda: answers_tcp(demo_house.port(Service.DEMO_SITE)))
        with closing(httpx.Client(base_url=demo_house.address(Service.DEMO_SITE), timeout=20)) as client:
            yield client


def test_every_page_carries_the_pixel_with_the_browser_key(site: httpx.Client, demo_house: Settings) -> None:
    key = people.keys(demo_house)["browser_key"]
    snippet = f'<script src="{demo_house.address(Service.COLLECTOR)}/t.js" data-key="{key}" defer></script>'
    for path in ("/", "/guide", *(product.path for product in shop.PRODUCTS)):
        page = site.get(path)
        assert page.status_code == 200, path
        assert snippet in page.text
    assert site.get("/products/yesterday").status_code == 404
    assert site.get("/healthz").text == "ok"
    for asset in ("shop.js", "shop.css"):
        assert site.get(f"/static/{asset}").status_code == 200


def test_the_weights_in_postgres_choose_the_variant(site: httpx.Client, demo_house: Settings) -> None:
    arms = variants(demo_house, shop.HERO)
    for chosen in arms:
        with records.session(demo_house, Role.PIPELINES) as session:
            set_weights(session, {arm.id: float(arm.id == chosen.id) for arm in arms})
        pages = [site.get("/").text for _ in range(6)]
        assert all(
            f'data-variant="{chosen.id}"' in page and f"<h1>{chosen.headline}</h1>" in page for page in pages
        )
    with records.session(demo_house, Role.PIPELINES) as session:
        set_weights(session, {arm.id: 0.5 for arm in arms})
    seen = {
        arm.id for arm in arms for page in (site.get("/").text for _ in range(20)) if arm.headline in page
    }
    assert seen == {arm.id for arm in arms}


def test_a_paused_experiment_shows_no_variant(site: httpx.Client, demo_house: Settings) -> None:
    pause(demo_house, ExperimentStatus.PAUSED)
    page = site.get("/").text
    pause(demo_house, ExperimentStatus.RUNNING)
    assert "data-variant" not in page
    assert "Clothes that stay" in page


by_outlet = pytest.mark.parametrize("outlet", OUTLETS, ids=lambda outlet: outlet.slug)


@by_outlet
def test_feeds_answer_304_to_those_who_know_them(outlet: Outlet, at_noon: TestClient) -> None:
    first = at_noon.get(outlet.path)
    assert first.status_code == 200
    assert first.headers["content-type"] == f"{outlet.format.media_type}; charset=utf-8"
    assert first.headers["cache-control"] == "max-age=60"
    for known in (
        {"If-None-Match": first.headers["etag"]},
        {"If-None-Match": f'"other", W/{first.headers["etag"]}'},
        {"If-Modified-Since": first.headers["last-modified"]},
    ):
        again = at_noon.get(outlet.path, headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    for outdated in (
        {"If-None-Match": '"other"'},
        {"If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"},
        {"If-Modified-Since": "yesterday"},
    ):
        assert at_noon.get(outlet.path, headers=outdated).status_code == 200


def test_the_feeds_are_served_by_the_running_shop(site: httpx.Client) -> None:
    for outlet in OUTLETS:
        answer = site.get(outlet.path)
        if answer.status_code == 500 and outlet.fails_at is not None:
            continue  # its hour, which test_a_feed_fails_for_an_hour_and_recovers is about
        url = str(answer.url)
        found = feeds.read(answer.content, answer.headers["content-type"], url)
        assert (found.title, found.notes) == (outlet.name, ())


def test_a_feed_fails_for_an_hour_and_recovers(demo_house: Settings) -> None:
    (outlet,) = (outlet for outlet in OUTLETS if outlet.fails_at is not None)
    statuses = [
        shop_at(demo_house, NOON.replace(hour=hour)).get(outlet.path).status_code for hour in range(24)
    ]
    assert [hour for hour, status in enumerate(statuses) if status != 200] == [7, 19]
    failed = shop_at(demo_house, NOON.replace(hour=7)).get(outlet.path)
    assert failed.status_code == 500
    assert "retry-after" not in failed.headers, "that would speak for the outlets that share its host"


def test_the_feeds_are_found_by_the_address_of_the_site(site: httpx.Client) -> None:
    address = str(site.base_url).rstrip("/")
    for path in ("/", "/news"):
        page = site.get(path)
        named = discovery.named(page.content, page.headers["content-type"], str(page.url))
        heads = {feed.url: feed.title for feed in named}
        assert heads == {f"{address}{outlet.path}": outlet.name for outlet in OUTLETS}


def test_there_is_no_other_feed(site: httpx.Client) -> None:
    assert site.get("/feeds/none.xml").status_code == 404
    assert site.get("/feeds/stoffblatt.json").status_code == 404


NOON = datetime(2026, 11, 20, 12, 20, 7, tzinfo=UTC)


def shop_at(house: Settings, moment: datetime) -> TestClient:
    return TestClient(create_app(house, lambda: moment))


@pytest.fixture(scope="module")
def at_noon(demo_house: Settings) -> TestClient:
    return shop_at(demo_house, NOON)


def variants(house: Settings, tried: shop.Experiment) -> list[Variant]:
    with records.session(house, Role.PIPELINES) as session:
        found = select(Variant).join(Experiment, Experiment.id == Variant.experiment_id)
        return list(session.scalars(found.where(Experiment.name == tried.name).order_by(Variant.id)))


def pause(house: Settings, status: ExperimentStatus) -> None:
    with records.session(house, Role.PIPELINES) as session:
        session.scalars(select(Experiment).where(Experiment.name == shop.HERO.name)).one().status = status
