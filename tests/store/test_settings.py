"""Settings: what parses, what is refused, and what is derived."""

from pathlib import Path

import pytest

from store.settings import Environment, Role, Service, Settings, SettingsError, load

STRONG = "k3" * 24


def settings(tmp_path: Path, **given: object) -> Settings:
    return load(_env_file=None, data_dir=tmp_path, **given)


def test_every_setting_has_help_and_a_default() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name
        assert not field.is_required(), name


def test_each_wrong_field_gets_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT_BASE", "eighty")
    monkeypatch.setenv("LOG_LEVEL", "loud")
    monkeypatch.setenv("DATABASE_URL", "mysql://somewhere")
    with pytest.raises(SettingsError) as refused:
        load(_env_file=None)
    lines = str(refused.value).splitlines()
    assert {line.partition(":")[0] for line in lines} == {"PORT_BASE", "DATABASE_URL", "LOG_LEVEL"}
    assert "mysql" not in str(refused.value), "the value may hold a password"


@pytest.mark.parametrize("placeholder", ["", "changeme", "change-me-please", "secret", "short" * 3])
def test_production_refuses_placeholder_secrets(tmp_path: Path, placeholder: str) -> None:
    with pytest.raises(SettingsError, match="SECRET_KEY"):
        settings(
            tmp_path,
            environment=Environment.PRODUCTION,
            secret_key=placeholder,
            database_url="postgresql://mp_owner:x@db/marketing_pipelines",
            clickhouse_url="http://default:x@ch:8123/",
        )


def test_production_refuses_the_embedded_engines(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL and CLICKHOUSE_URL"):
        settings(tmp_path, environment=Environment.PRODUCTION, secret_key=STRONG)


def test_postgres_dsn_is_an_alias(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_DSN", "postgresql://mp_owner:pw@db:5432/marketing")
    assert settings(tmp_path).postgres_url(Role.OWNER) == "postgresql+psycopg://mp_owner:pw@db:5432/marketing"


def test_each_role_logs_in_as_itself(tmp_path: Path) -> None:
    house = settings(tmp_path, database_url="postgresql://root:pw@db/marketing", secret_key=STRONG)
    console, edge = house.postgres_url(Role.CONSOLE), house.postgres_url(Role.EDGE)
    assert console.startswith("postgresql+psycopg://mp_console:")
    assert console.endswith("@db/marketing")
    assert house.role_password(Role.CONSOLE) in console
    assert house.role_password(Role.CONSOLE) not in edge


def test_a_log_in_that_is_the_role_itself_is_used_as_it_is(tmp_path: Path) -> None:
    url = "postgresql://mp_console:own@db/marketing"
    house = settings(tmp_path, database_url=url, secret_key=STRONG)
    assert house.postgres_url(Role.CONSOLE, "postgresql") == url


def test_a_given_password_wins_over_the_derived_one(tmp_path: Path) -> None:
    house = settings(tmp_path, role_passwords={"mp_edge": "given"}, secret_key=STRONG)
    assert house.role_password(Role.EDGE) == "given"
    assert house.role_password(Role.CONSOLE) != "given"


def test_port_base_moves_every_port(tmp_path: Path) -> None:
    here, there = settings(tmp_path, port_base=9000), settings(tmp_path, port_base=9500)
    assert here.port(Service.CONSOLE) == 9000
    assert all(there.port(service) - here.port(service) == 500 for service in Service)
    assert len({here.port(service) for service in Service}) == len(Service)


def test_the_secret_of_a_development_installation_stays(tmp_path: Path) -> None:
    first = settings(tmp_path).root_secret
    assert settings(tmp_path).root_secret == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_secrets_do_not_show_in_a_printout(tmp_path: Path) -> None:
    house = settings(tmp_path, secret_key=STRONG, database_url="postgresql://u:hidden@db/x")
    assert STRONG not in repr(house)
    assert "hidden" not in repr(house)


@pytest.mark.parametrize("wrong", ["", "ecb", "ftp://bank.example/rates", "https://bank.example/?day=1"])
def test_the_rates_are_read_from_a_folder(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(SettingsError, match="EXCHANGE_RATES_URL: must be a scheme, a host and a path"):
        settings(tmp_path, exchange_rates_url=wrong)
    folder = settings(tmp_path, exchange_rates_url="https://bank.example/rates/")
    assert folder.exchange_rates_url == "https://bank.example/rates"


@pytest.mark.parametrize(
    ("given", "sends"),
    [
        ({}, False),
        ({"smtp_host": "mail.example"}, True),
        ({"sendgrid_api_key": "SG.a.key"}, True),
        ({"sendgrid_url": "https://api.eu.sendgrid.com"}, False),
    ],
)
def test_mail_goes_where_something_carries_it(tmp_path: Path, given: dict[str, str], sends: bool) -> None:
    assert settings(tmp_path, **{"smtp_host": "", "sendgrid_api_key": "", **given}).sends_mail is sends


@pytest.mark.parametrize(
    "wrong",
    [
        "api.eu.sendgrid.com",
        "ftp://mail.example",
        "https://",
        "https://me:pw@mail.example",
        "https://x.example/?a=1",
    ],
)
def test_sendgrid_is_reached_at_an_address(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(SettingsError, match="SENDGRID_URL: must be a scheme and a host") as refused:
        settings(tmp_path, sendgrid_url=wrong)
    assert "pw" not in str(refused.value)
    assert settings(tmp_path, sendgrid_url="https://mail.example/").sendgrid_url == "https://mail.example"


def test_production_sends_no_key_in_the_clear(tmp_path: Path) -> None:
    given = {
        "environment": Environment.PRODUCTION,
        "secret_key": STRONG,
        "database_url": "postgresql://mp_owner:x@db/marketing_pipelines",
        "clickhouse_url": "http://default:x@ch:8123/",
    }
    for address in ("http://mail.example", "HTTP://mail.example"):
        with pytest.raises(SettingsError, match="SENDGRID_URL: production sends its key over https:// only"):
            settings(tmp_path, sendgrid_url=address, **given)
    for address in ("", "https://mail.example"):
        assert settings(tmp_path, sendgrid_url=address, **given).production


@pytest.mark.parametrize("name", ["sendgrid_api_key", "bitly_token", "buffer_token"])
@pytest.mark.parametrize("wrong", ["two words", "line\nend", "Schlüssel", "x" * 4001])
def test_a_key_of_a_provider_is_one_word(tmp_path: Path, name: str, wrong: str) -> None:
    with pytest.raises(SettingsError, match=f"{name.upper()}: must be the key") as refused:
        settings(tmp_path, **{name: wrong})
    assert wrong not in str(refused.value)
    assert "a-key" not in repr(settings(tmp_path, **{name: "a-key"}))


@pytest.mark.parametrize("name", ["mail", "log", "web_hook", "Matrix", "7up", "a-b", "a" * 21, ""])
def test_a_notifier_has_a_name_of_its_own(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="NOTIFIERS: names are of small letters"):
        settings(tmp_path, notifiers={name: {"token": "secret"}})
    kept = settings(tmp_path, notifiers={"matrix": {"token": "secret"}})
    assert "'secret'" not in repr(kept)


@pytest.mark.parametrize("hours", ["", "1-5", "22-4", "0-6", "20-24"])
def test_hours_of_insights(tmp_path: Path, hours: str) -> None:
    assert settings(tmp_path, insights_hours=hours).insights_hours == hours


@pytest.mark.parametrize("hours", ["5", "1-25", "3-3", "0-24", "at night", "1-5h", "-1-5"])
def test_hours_that_are_none_are_refused(tmp_path: Path, hours: str) -> None:
    with pytest.raises(SettingsError, match="INSIGHTS_HOURS: must be two hours"):
        settings(tmp_path, insights_hours=hours)
