"""docker-compose.yml: valid, and as tight as it promises to be."""

import json
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest

from store.settings import Role
from tests.deploy.conftest import ROOT, Compose, Missing

Services = dict[str, dict[str, Any]]

OURS = {"migrate", "collector", "shipper", "console", "watch", "code-server", "webserver", "reader", "daemon"}
STORES = {"postgres", "clickhouse"}
LOG_IN_OF = {
    "migrate": Role.OWNER,
    "collector": Role.EDGE,
    "shipper": Role.EDGE,
    "console": Role.CONSOLE,
    "watch": Role.WATCH,
    "code-server": Role.PIPELINES,
}


def test_it_follows_the_compose_specification(compose: Compose) -> None:
    schema = json.loads((ROOT / "tests" / "deploy" / "compose-spec.json").read_text())
    validator = jsonschema.Draft7Validator(schema)
    assert not [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(compose.raw)]
    broken = json.loads(json.dumps(compose.raw))
    broken["services"]["console"]["restrat"] = "always"
    assert not validator.is_valid(broken)


def test_the_services_are_those_of_the_house(services: Services) -> None:
    assert set(services) == OURS | STORES | {"caddy"}


def test_nothing_starts_without_its_secrets(compose: Compose, example: dict[str, str]) -> None:
    assert set(example) == compose.required
    for name in compose.required:
        with pytest.raises(Missing, match=name):
            compose.services({**example, name: ""})


def test_no_default_is_a_secret(compose: Compose) -> None:
    for name, default in compose.defaults.items():
        secret = any(word in name for word in ("PASSWORD", "SECRET", "KEY", "TOKEN"))
        assert not (secret and default), name


def test_the_example_names_every_variable(compose: Compose) -> None:
    text = (ROOT / "deploy" / ".env.production.example").read_text()
    for name in compose.required | set(compose.defaults):
        assert f"{name}=" in text, name


def test_only_the_proxy_can_be_reached_from_outside(services: Services, compose: Compose) -> None:
    assert {name for name, service in services.items() if service.get("ports")} == {"caddy"}
    assert compose.raw["networks"]["inside"]["internal"] is True
    for store in STORES:
        assert services[store]["networks"] == ["inside"]
    assert services["caddy"]["networks"] == ["edge"]
    assert {name for name, service in services.items() if "outbound" in service["networks"]} == {
        "code-server",
        "watch",
    }


def test_every_service_is_limited_watched_and_stripped(services: Services) -> None:
    for name, service in services.items():
        assert service["mem_limit"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.get("privileged"), name
        assert service["logging"]["options"]["max-size"], name
        once = name == "migrate"
        assert service["restart"] == ("no" if once else "unless-stopped"), name
        assert ("healthcheck" in service) != once, name


def test_our_containers_cannot_write_to_their_image(services: Services) -> None:
    assert {name for name in OURS if not services[name]["read_only"]} == {"code-server"}


def test_a_service_waits_for_what_it_needs(services: Services) -> None:
    healthy, done = {"condition": "service_healthy"}, {"condition": "service_completed_successfully"}
    assert services["migrate"]["depends_on"] == dict.fromkeys(STORES, healthy)
    for name in ("collector", "shipper", "console", "watch", "code-server"):
        assert services[name]["depends_on"] == {"migrate": done}
    for name in ("webserver", "reader", "daemon"):
        assert services[name]["depends_on"] == {"code-server": healthy}


def test_each_process_logs_in_as_itself_only(services: Services, example: dict[str, str]) -> None:
    for name in OURS:
        address = services[name]["environment"].get("DATABASE_URL")
        assert (address is not None) == (name in LOG_IN_OF), name
        if address:
            assert urlsplit(address).username == LOG_IN_OF[name], name
    roles = json.loads(services["migrate"]["environment"]["ROLE_PASSWORDS"])
    assert set(roles) == {role.value for role in Role} - {Role.OWNER}
    for name in OURS - {"migrate"}:
        told = json.dumps(services[name]["environment"])
        known = {
            secret for secret, value in example.items() if value in told and secret.endswith("DB_PASSWORD")
        }
        own = {
            "collector": {"EDGE_DB_PASSWORD"},
            "shipper": {"EDGE_DB_PASSWORD"},
            "console": {"CONSOLE_DB_PASSWORD"},
        }
        own["watch"] = {"WATCH_DB_PASSWORD"}
        own["code-server"] = {"PIPELINES_DB_PASSWORD", "WATCH_DB_PASSWORD", "DAGSTER_DB_PASSWORD"}
        assert known == own.get(name, {"DAGSTER_DB_PASSWORD"}), name


def test_who_does_not_need_the_root_secret_does_not_have_it(services: Services) -> None:
    with_it = {name for name in services if "SECRET_KEY" in services[name]["environment"]}
    assert with_it == {"migrate", "collector", "shipper", "console", "watch", "code-server"}
    can_mail = {name for name in services if "SMTP_PASSWORD" in services[name]["environment"]}
    assert can_mail == {"watch", "code-server"}


def test_the_console_knows_that_sendgrid_carries_mail_and_not_with_which_key(
    compose: Compose, services: Services, example: dict[str, str]
) -> None:
    key = "SG.a-key.that-sends"
    given = compose.services({**example, "SENDGRID_API_KEY": key})
    assert {name for name in given if key in json.dumps(given[name])} == {"watch", "code-server"}
    for told, sends in ((given, True), (services, False)):
        for name in ("console", "watch", "code-server"):
            assert bool(told[name]["environment"]["SENDGRID_API_KEY"]) is sends, name


@pytest.mark.parametrize("name", ["BITLY_TOKEN", "BUFFER_TOKEN"])
def test_who_alone_connects_by_the_settings_has_their_tokens(
    compose: Compose, example: dict[str, str], name: str
) -> None:
    given = compose.services({**example, name: "a-token"})
    assert {service for service in given if "a-token" in json.dumps(given[service])} == {"code-server"}


def test_who_connects_accounts_and_who_reads_them_know_our_apps(
    compose: Compose, example: dict[str, str]
) -> None:
    given = compose.services({**example, "CHANNEL_APPS": '{"meta": {"client_secret": "a-secret"}}'})
    assert {name for name in given if "a-secret" in json.dumps(given[name])} == {"console", "code-server"}


def test_what_was_answered_survives_the_container(services: Services, compose: Compose) -> None:
    assert services["collector"]["volumes"] == services["shipper"]["volumes"] == ["spool:/data"]
    for name in ("postgres", "clickhouse", "collector", "code-server"):
        named = [volume.partition(":")[0] for volume in services[name]["volumes"]]
        assert named[0] in compose.raw["volumes"]


def test_images_are_pinned(services: Services) -> None:
    for name, service in services.items():
        _, _, tag = service["image"].rpartition(":")
        assert tag, name
        assert tag != "latest", name
