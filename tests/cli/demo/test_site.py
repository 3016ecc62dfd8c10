"""The invented shop, over HTTP."""

import sys
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from sqlalchemy import select

from cli.demo import people, seed, shop
from cli.readiness import answers_tcp
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


@pytest.mark.parametrize("name", ["industry", "makers"])
def test_feeds_answer_304_to_those_who_know_them(site: httpx.Client, name: str) -> None:
    first = site.get(f"/feeds/{name}.xml")
    assert first.status_code == 200
    assert first.headers["content-type"].startswith("application/rss+xml")
    by_tag = site.get(f"/feeds/{name}.xml", headers={"If-None-Match": first.headers["etag"]})
    # An entry may come in between; then the tag has changed too.
    assert by_tag.status_code == 304 or by_tag.headers["etag"] != first.headers["etag"]
    assert not by_tag.content or by_tag.status_code == 200
    by_date = site.get(f"/feeds/{name}.xml", headers={"If-Modified-Since": first.headers["last-modified"]})
    assert by_date.status_code == 304 or by_date.headers["last-modified"] != first.headers["last-modified"]
    older = site.get(f"/feeds/{name}.xml", headers={"If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"})
    assert older.status_code == 200
    assert site.get(f"/feeds/{name}.xml", headers={"If-None-Match": '"other"'}).status_code == 200


def test_there_is_no_other_feed(site: httpx.Client) -> None:
    assert site.get("/feeds/none.xml").status_code == 404


def variants(house: Settings, tried: shop.Experiment) -> list[Variant]:
    with records.session(house, Role.PIPELINES) as session:
        found = select(Variant).join(Experiment, Experiment.id == Variant.experiment_id)
        return list(session.scalars(found.where(Experiment.name == tried.name).order_by(Variant.id)))


def pause(house: Settings, status: ExperimentStatus) -> None:
    with records.session(house, Role.PIPELINES) as session:
        session.scalars(select(Experiment).where(Experiment.name == shop.HERO.name)).one().status = status
