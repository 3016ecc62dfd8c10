"""One Settings object: every knob has a default, a type and a line of help."""

import re
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import quote, urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from store import secrets

PLACEHOLDERS = re.compile(
    r"^(change[-_ ]?me.*|placeholder|secret|password|example|todo|xxx+)$", re.IGNORECASE
)
SHORTEST_PRODUCTION_SECRET = 32
_SIGNING_KEY = re.compile(r"(?:whsec_)?(?:[A-Za-z0-9+/]{4}){8,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Role(StrEnum):
    """The Postgres login of each kind of process; each can do its job and no more."""

    OWNER = "mp_owner"
    CONSOLE = "mp_console"
    EDGE = "mp_edge"
    PIPELINES = "mp_pipelines_all_tenants"
    DIMENSIONS = "mp_dimensions_all_tenants"
    WATCH = "mp_watch_all_tenants"
    DAGSTER = "mp_dagster"


class Service(StrEnum):
    """What listens on a port; the order is the offset from PORT_BASE."""

    CONSOLE = "console"
    COLLECTOR = "collector"
    DAGSTER = "dagster"
    POSTGRES = "postgres"
    CLICKHOUSE = "clickhouse"
    CODE_SERVER = "code-server"
    SANDBOX = "sandbox"
    DEMO_SITE = "demo-site"
    DEMO_SMTP = "demo-smtp"


class Database(StrEnum):
    RECORDS = "marketing_pipelines"
    DAGSTER = "dagster"


Port = Annotated[int, Field(ge=1, le=65535)]


class Settings(BaseSettings):
    """Where everything is and how it behaves, from the environment or `.env`."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, populate_by_name=True, env_ignore_empty=True
    )

    environment: Environment = Field(
        Environment.DEVELOPMENT,
        description="`production` refuses placeholder secrets and the embedded engines.",
    )
    data_dir: Path = Field(
        Path(".data"), description="Where the embedded engines, the edge log and generated secrets lie."
    )
    port_base: Annotated[int, Field(ge=1024, le=65500)] = Field(
        8000, description="The console's port; every other service listens on the ports after it."
    )
    bind_host: str = Field("127.0.0.1", description="Address the public services listen on.")
    public_api_host: str = Field(
        "", description="Address of the console as people reach it, e.g. https://console.example.com."
    )
    public_collector_host: str = Field(
        "", description="Address of the collector as web pages reach it, e.g. https://t.example.com."
    )

    forwarded_allow_ips: str = Field(
        "127.0.0.1,::1",
        description="Addresses and networks of our own proxies; nobody else's X-Forwarded-For is believed.",
    )

    database_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("DATABASE_URL", "POSTGRES_DSN"),
        description="Postgres; empty means the embedded Postgres. `POSTGRES_DSN` is read too.",
    )
    dagster_database_url: SecretStr | None = Field(
        None, description="Postgres of Dagster's own storage; empty means a database beside the records."
    )
    role_passwords: dict[Role, SecretStr] = Field(
        default_factory=dict,
        description="JSON object of passwords by Postgres role; a missing one is derived from SECRET_KEY.",
    )
    database_pool_size: Annotated[int, Field(ge=1, le=200)] = Field(
        5, description="Postgres connections a process keeps open."
    )
    database_pool_overflow: Annotated[int, Field(ge=0, le=200)] = Field(
        10, description="Postgres connections a process may open beyond its pool under load."
    )

    clickhouse_url: SecretStr | None = Field(
        None, description="ClickHouse over HTTP(S); empty means the embedded ClickHouse."
    )
    clickhouse_memory_bytes: Annotated[int, Field(ge=256 * 2**20)] = Field(
        2 * 2**30, description="Memory that one query may use in the embedded ClickHouse."
    )
    feeds_read_hourly: bool = Field(
        True,
        description="Looks every hour for feeds that are due; else once a day, at midnight UTC.",
    )
    feeds_contact: Annotated[str, Field(max_length=200)] = Field(
        "",
        description="An address at which publishers reach whoever reads their feeds; goes with each request.",
    )
    events_ttl_days: Annotated[int, Field(ge=1, le=36500)] = Field(
        400, description="Days that raw events are kept in ClickHouse."
    )

    secret_key: SecretStr = Field(
        SecretStr(""),
        description="Root of every derived key; empty generates one beside the data (development).",
    )
    master_key_file: Path | None = Field(
        None,
        description="A file with the master key that wraps the keys of credentials; empty draws it from SECRET_KEY.",
    )
    former_master_keys: SecretStr = Field(
        SecretStr(""),
        description="Former SECRET_KEYs or contents of MASTER_KEY_FILE, separated by commas, until `mp secrets rotate` ran.",
    )
    vault_addr: str = Field(
        "",
        description="A Vault or OpenBao, like https://vault.example:8200, whose transit engine is the master key.",
    )
    vault_token: SecretStr = Field(
        SecretStr(""), description="May encrypt and decrypt with that key, no more."
    )
    vault_transit_mount: Annotated[str, Field(pattern=r"^[\w-]{1,100}$")] = Field(
        "transit", description="Where the transit engine is mounted."
    )
    vault_transit_key: Annotated[str, Field(pattern=r"^[\w.-]{1,100}$")] = Field(
        "marketing-pipelines", description="The key's name in the transit engine."
    )
    jwt_secret: SecretStr = Field(
        SecretStr(""), description="Signs the API's tokens; empty derives it from SECRET_KEY."
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")
    kill_switch: bool = Field(
        False, description="true stops everything that sends or spends, whatever the records say."
    )
    default_tenant: str = Field(
        "", description="Slug of the tenant that keyless events belong to; empty refuses them."
    )

    smtp_host: str = Field("", description="Mail server for outgoing mail.")
    smtp_port: Port = Field(587, description="Port of the mail server.")
    smtp_user: str = Field("", description="Log-in at the mail server, if it wants one.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Password at the mail server.")
    smtp_tls: bool = Field(True, description="Use STARTTLS (or TLS on port 465); false only on loopback.")
    sendgrid_api_key: SecretStr = Field(
        SecretStr(""),
        description="Key of SendGrid that may send mail; with it mail goes over SendGrid, not SMTP.",
    )
    sendgrid_url: str = Field(
        "",
        description="Where SendGrid is reached, like https://api.eu.sendgrid.com for mail that stays in the EU; empty "
        "means https://api.sendgrid.com.",
    )
    mail_from: str = Field("marketing@localhost", description="Sender of mail that names none.")

    mail_cost_per_thousand: Annotated[Decimal, Field(ge=0, le=10_000)] = Field(
        Decimal(0), description="What a thousand mails cost, in the tenant's currency; for estimates."
    )
    text_cost_per_segment: Annotated[Decimal, Field(ge=0, le=100)] = Field(
        Decimal(0),
        description="What one segment of a text message costs, in the tenant's currency; for estimates.",
    )
    cms_webhook_url: SecretStr = Field(
        SecretStr(""),
        description="Where web hooks to the content management system go; empty only logs them.",
    )
    cms_webhook_secret: SecretStr = Field(
        SecretStr(""),
        description="Signs them as Standard Webhooks: `whsec_` and base64; empty signs nothing.",
    )
    chat_webhook_url: SecretStr = Field(
        SecretStr(""),
        description="An incoming web hook of the team's chat (Slack, Mattermost); empty only logs messages.",
    )

    collect_max_body_bytes: Annotated[int, Field(ge=1024)] = Field(
        512 * 1024, description="Largest body the collector takes, as it travels."
    )
    collect_max_unpacked_bytes: Annotated[int, Field(ge=1024, le=64 * 2**20)] = Field(
        2 * 2**20, description="Largest body the collector takes, after gzip or zstd is undone."
    )
    collect_max_address_rate: Annotated[int, Field(ge=0)] = Field(
        500,
        description="Events a second that one address may send to pages' doors, over ten seconds; 0 for any number.",
    )
    collector_processes: Annotated[int, Field(ge=1, le=64)] = Field(
        1, description="Collector processes that share the port on this host."
    )
    collector_max_connections: Annotated[int, Field(ge=1)] = Field(
        10_000,
        description="Connections that one collector process serves at a time; more are asked to come again.",
    )
    collector_slowest_seconds: Annotated[float, Field(gt=0)] = Field(
        20.0, description="How long a client may take to send a request or to take its answer."
    )
    city_database: Path | None = Field(
        None, description="An mmdb file with cities (such as GeoLite2-City); empty keeps countries only."
    )
    network_database: Path | None = Field(
        None, description="An mmdb file with networks (such as GeoLite2-ASN)."
    )
    crawler_ranges_dir: Path | None = Field(
        None,
        description="A directory of address ranges of crawlers, <name>.json as Google and Bing publish them.",
    )
    collect_max_batch: Annotated[int, Field(ge=1, le=10_000)] = Field(
        500, description="Most events in one request to the collector."
    )
    spool_max_bytes: Annotated[int, Field(ge=2**20)] = Field(
        5 * 2**30, description="Disk the edge log may fill before the collector answers 503."
    )
    spool_keep_hours: Annotated[int, Field(ge=1)] = Field(
        48, description="Hours that segments are kept after they are loaded."
    )
    asset_max_bytes: Annotated[int, Field(ge=1024, le=64 * 2**20)] = Field(
        5 * 2**20, description="Largest creative that the console takes."
    )
    assets_dir: Path | None = Field(
        None,
        description="Where the files of assets lie; empty means assets beside the data. Back it up with the records.",
    )
    assets_s3_bucket: str = Field(
        "", description="A bucket that exists, of any S3 such as MinIO: assets lie there and not on the disk."
    )
    assets_s3_endpoint: str = Field(
        "", description="Where that S3 is reached, like https://minio.example:9000; empty means Amazon's."
    )
    assets_s3_region: str = Field("us-east-1", description="The bucket's region; MinIO does not mind.")
    assets_s3_access_key: SecretStr = Field(
        SecretStr(""), description="The key's name; empty takes the keys that the machine has by itself."
    )
    assets_s3_secret_key: SecretStr = Field(SecretStr(""), description="The key's secret.")
    export_max_rows: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        500_000, description="Most rows of one export; a sheet of Excel has room for a million."
    )
    export_max_bytes: Annotated[int, Field(ge=1024, le=512 * 2**20)] = Field(
        64 * 2**20, description="Largest file that an export may become."
    )
    export_days: Annotated[int, Field(ge=1, le=90)] = Field(
        7, description="Days after which an export's file is deleted."
    )
    export_link_minutes: Annotated[int, Field(ge=1, le=1440)] = Field(
        60,
        description="Minutes that an address holds at which an export's file can be fetched by whoever has it.",
    )
    upload_max_rows: Annotated[int, Field(ge=1, le=100_000)] = Field(
        20_000, description="Most lines of one uploaded list of offline touches and sales."
    )
    upload_max_bytes: Annotated[int, Field(ge=1024, le=64 * 2**20)] = Field(
        5 * 2**20, description="Largest uploaded list of offline touches and sales."
    )
    session_idle_minutes: Annotated[int, Field(ge=5)] = Field(
        480, description="Minutes without a click after which a console log-in ends."
    )
    session_absolute_hours: Annotated[int, Field(ge=1, le=1440)] = Field(
        168, description="Hours after which a console log-in ends whatever happens."
    )
    invitation_days: Annotated[int, Field(ge=1, le=60)] = Field(
        7, description="Days that the link in an invitation to the console holds."
    )
    reset_minutes: Annotated[int, Field(ge=5, le=1440)] = Field(
        60, description="Minutes that the link to a new password holds, from when it was asked for."
    )
    api_rate_per_minute: Annotated[int, Field(ge=0)] = Field(
        600,
        description="Requests a minute to the API by one person or key, or by an address that shows none; 0 for any number.",
    )
    api_page_size: Annotated[int, Field(ge=1, le=10_000)] = Field(
        25, description="Lines on a page of the API's lists where a request does not say how many."
    )
    api_largest_page: Annotated[int, Field(ge=1, le=10_000)] = Field(
        100, description="Most lines on a page of the API's lists that a request may ask for."
    )
    api_query_seconds: Annotated[int, Field(ge=1, le=600)] = Field(
        15,
        description="Seconds after which a statement of the console is given up, so that none holds up the others.",
    )
    idempotency_hours: Annotated[int, Field(ge=1, le=24 * 30)] = Field(
        24, description="Hours that the API remembers an Idempotency-Key and what it answered."
    )
    campaign_max_body_bytes: Annotated[int, Field(ge=2**20, le=64 * 2**20)] = Field(
        8 * 2**20,
        description="Largest body of a new campaign, which may bring 100,000 addresses along; 80 bytes for each.",
    )
    approval_expires_hours: Annotated[int, Field(ge=1)] = Field(
        72,
        description="Hours that an approval request or an approval holds; then it is expired, never approved.",
    )
    audit_heads_file: Path | None = Field(
        None,
        description="Where signed heads of the audit chains are added; empty means audit-heads.jsonl beside the data. "
        "Best on a disk, or a mount that only grows, which the database's administrators cannot write to.",
    )
    audit_trusted_keys: str = Field(
        "", description="Public keys of former SECRET_KEYs that signed heads too, separated by commas."
    )
    dagster_webserver_url: str = Field(
        "",
        description="Where the console asks the Dagster webserver how runs go, e.g. http://webserver:8002; empty means "
        "the one on this machine. Not where people open it.",
    )
    gate_tick_seconds: Annotated[int, Field(ge=1, le=50)] = Field(
        45, description="How long a gate sensor waits inside its tick for work; Dagster allows 60."
    )
    gate_drain_seconds: Annotated[int, Field(ge=0, le=300)] = Field(
        30, description="How long a sending run stays and waits for more work after the last."
    )
    alert_gate_silent_seconds: Annotated[int, Field(ge=10)] = Field(
        180, description="Seconds without a look of a gate sensor after which people are told."
    )
    alert_bounce_percent: Annotated[float, Field(gt=0, le=100)] = Field(
        5.0, description="Somebody is told when more of an action's mails bounce for good."
    )
    alert_complaint_percent: Annotated[float, Field(gt=0, le=100)] = Field(
        0.3, description="Somebody is told when more of an action's mails are reported as spam."
    )
    alert_mail_to: str = Field(
        "",
        description="Who is mailed what concerns the whole house; a tenant's goes to its Admins and authors.",
    )
    alert_webhook_url: SecretStr = Field(
        SecretStr(""), description="Where alerts are posted as JSON, such as an incoming web hook of Slack."
    )
    alert_webhook_secret: SecretStr = Field(
        SecretStr(""),
        description="Signs those posts by Standard Webhooks: whsec_ and base64; empty signs none.",
    )
    notifiers: dict[str, dict[str, SecretStr]] = Field(
        default_factory=dict,
        description="JSON object of what else tells alerts, by the names under which installed packages bring it, each with "
        "what it is given.",
    )
    alert_watch: bool = Field(
        True,
        description="The console looks for what to tell; false where `python -m console.watch` does it by itself.",
    )
    exchange_rates_url: str = Field(
        "https://www.ecb.europa.eu/stats/eurofxref",
        description="Where the European Central Bank's daily reference rates are read, the folder of its XML files.",
    )
    bitly_token: SecretStr = Field(
        SecretStr(""),
        description="A user's access token of Bitly; with it Bitly is connected for DEFAULT_TENANT.",
    )
    buffer_token: SecretStr = Field(
        SecretStr(""),
        description="A personal key of Buffer; with it Buffer is connected for DEFAULT_TENANT.",
    )
    channel_apps: dict[str, dict[str, SecretStr]] = Field(
        default_factory=dict,
        description="JSON object of our apps at providers by channel, each with client_id, client_secret and what else it "
        "takes: Google Ads a developer_token, and login_customer_id for a manager.",
    )
    call_budgets: dict[str, dict[str, Annotated[int, Field(ge=0)]]] = Field(
        default_factory=dict,
        description="JSON object of how often a provider may be called where a higher tier allows more than the lowest, like "
        '{"google_ads": {"operations": 15000}}; 0 for any number.',
    )
    insights_lookback_days: Annotated[int, Field(ge=0, le=90)] | None = Field(
        None,
        description="Days of ad insights read again with the newest, since platforms restate them; empty means as many as "
        "each platform does, some 30.",
    )
    insights_hours: str = Field(
        "",
        description="Hours (UTC) between which the daily reading of insights may start, like 1-5; empty for 3 o'clock. "
        "What people start is read at any hour.",
    )

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @field_validator("forwarded_allow_ips")
    @classmethod
    def _named_proxies(cls, value: str) -> str:
        for part in value.split(","):
            try:
                ip_network(part.strip())
            except ValueError:
                raise ValueError(f"{part.strip()!r} is no address or network, e.g. 10.0.0.0/8") from None
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value.upper()

    @field_validator("database_url", "dagster_database_url")
    @classmethod
    def _postgres_scheme(cls, value: SecretStr | None) -> SecretStr | None:
        if value and urlsplit(value.get_secret_value()).scheme not in {"postgresql", "postgres"}:
            raise ValueError("must start with postgresql://")
        return value

    @field_validator("clickhouse_url")
    @classmethod
    def _http_scheme(cls, value: SecretStr | None) -> SecretStr | None:
        if value and urlsplit(value.get_secret_value()).scheme not in {"http", "https"}:
            raise ValueError("must start with http:// or https:// (ClickHouse's HTTP interface)")
        return value

    @field_validator("assets_s3_bucket")
    @classmethod
    def _bucket_name(cls, value: str) -> str:
        if value and not re.fullmatch(r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]", value):
            raise ValueError("must be the bare name of a bucket, like creatives")
        return value

    @field_validator("assets_s3_endpoint")
    @classmethod
    def _endpoint(cls, value: str) -> str:
        given = urlsplit(value)
        if value and (given.scheme not in {"http", "https"} or not given.hostname or given.path.strip("/")):
            raise ValueError("must be a scheme, a host and a port, like https://minio.example:9000")
        return value

    @field_validator("insights_hours")
    @classmethod
    def _hours_of_a_day(cls, value: str) -> str:
        given = re.fullmatch(r"(\d{1,2})-(\d{1,2})", value)
        hours = tuple(map(int, given.groups())) if given else ()
        if value and (not hours or max(hours) > 24 or hours[0] % 24 == hours[1] % 24):
            raise ValueError("must be two hours, like 1-5, or 22-4 for a night")
        return value

    @field_validator("vault_addr")
    @classmethod
    def _vault(cls, value: str) -> str:
        given = urlsplit(value)
        if value and (given.scheme not in {"http", "https"} or not given.hostname or given.path.strip("/")):
            raise ValueError("must be a scheme, a host and a port, like https://vault.example:8200")
        return value.rstrip("/")

    @field_validator("exchange_rates_url")
    @classmethod
    def _folder(cls, value: str) -> str:
        given = urlsplit(value)
        if given.scheme not in {"http", "https"} or not given.hostname or given.query or given.fragment:
            raise ValueError(
                "must be a scheme, a host and a path, like https://www.ecb.europa.eu/stats/eurofxref"
            )
        return value.rstrip("/")

    @field_validator("sendgrid_api_key", "bitly_token", "buffer_token")
    @classmethod
    def _one_word(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[\x21-\x7e]{0,4000}", value.get_secret_value()):
            raise ValueError("must be the key as its provider shows it, one word without blanks")
        return value

    @field_validator("sendgrid_url")
    @classmethod
    def _address_of_an_api(cls, value: str) -> str:
        given = urlsplit(value)
        if value and (
            given.scheme not in {"http", "https"}
            or not given.hostname
            or given.username is not None
            or given.query
            or given.fragment
        ):
            raise ValueError("must be a scheme and a host, like https://api.eu.sendgrid.com")
        return value.rstrip("/")

    @field_validator("alert_webhook_url", "cms_webhook_url", "chat_webhook_url")
    @classmethod
    def _web_address(cls, value: SecretStr) -> SecretStr:
        given = value.get_secret_value()
        if given and (urlsplit(given).scheme not in {"http", "https"} or not urlsplit(given).hostname):
            raise ValueError("must start with https://, or http:// in development")
        return value

    @field_validator("alert_webhook_secret", "cms_webhook_secret")
    @classmethod
    def _signing_key(cls, value: SecretStr) -> SecretStr:
        given = value.get_secret_value()
        if given and not _SIGNING_KEY.fullmatch(given):
            raise ValueError(
                "must be whsec_ followed by 24 bytes or more in base64 (openssl rand -base64 32)"
            )
        return value

    @field_validator("notifiers")
    @classmethod
    def _names_of_their_own(cls, value: dict[str, dict[str, SecretStr]]) -> dict[str, dict[str, SecretStr]]:
        for name in value:
            if not re.fullmatch(r"[a-z][a-z0-9_]{0,19}", name) or name in {"log", "mail", "web_hook"}:
                raise ValueError("names are of small letters, 20 at most, and neither log, mail nor web_hook")
        return value

    @field_validator("alert_mail_to")
    @classmethod
    def _mail_address(cls, value: str) -> str:
        if value and not re.fullmatch(r"[^@\s,;<>]{1,64}@[^@\s,;<>]{1,189}", value):
            raise ValueError("must be one mail address, like ops@example.com")
        return value

    @model_validator(mode="after")
    def _keys_come_in_pairs(self) -> Self:
        given = (self.assets_s3_access_key.get_secret_value(), self.assets_s3_secret_key.get_secret_value())
        if any(given) and not all(given):
            raise ValueError("ASSETS_S3_ACCESS_KEY and ASSETS_S3_SECRET_KEY: give both or neither")
        return self

    @model_validator(mode="after")
    def _production_is_serious(self) -> Self:
        if self.environment is not Environment.PRODUCTION:
            return self
        secret = self.secret_key.get_secret_value()
        if len(secret) < SHORTEST_PRODUCTION_SECRET or PLACEHOLDERS.match(secret):
            raise ValueError(
                f"SECRET_KEY: production needs a secret of {SHORTEST_PRODUCTION_SECRET} characters or more, "
                "not a placeholder (make one: openssl rand -hex 32)"
            )
        jwt = self.jwt_secret.get_secret_value()
        if jwt and (len(jwt) < SHORTEST_PRODUCTION_SECRET or PLACEHOLDERS.match(jwt)):
            raise ValueError("JWT_SECRET: production needs a secret of 32 characters or more, or none at all")
        for name in ("alert_webhook_url", "cms_webhook_url", "chat_webhook_url"):
            if getattr(self, name).get_secret_value().startswith("http://"):
                raise ValueError(f"{name.upper()}: production posts over https:// only")
        if self.vault_addr.startswith("http://"):
            raise ValueError("VAULT_ADDR: production asks over https:// only")
        if urlsplit(self.sendgrid_url).scheme == "http":
            raise ValueError("SENDGRID_URL: production sends its key over https:// only")
        if self.database_url is None or self.clickhouse_url is None:
            raise ValueError("DATABASE_URL and CLICKHOUSE_URL: production does not use the embedded engines")
        return self

    @property
    def production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @property
    def embedded_postgres(self) -> bool:
        return self.database_url is None

    @property
    def embedded_clickhouse(self) -> bool:
        return self.clickhouse_url is None

    @property
    def sends_mail(self) -> bool:
        """Whether anything is set that carries mail; `outbound/mail_server.py` says what."""
        return bool(self.sendgrid_api_key.get_secret_value() or self.smtp_host)

    def port(self, service: Service) -> int:
        return self.port_base + list(Service).index(service)

    def address(self, service: Service) -> str:
        """Where people or pages reach a service over HTTP."""
        public = {
            Service.CONSOLE: self.public_api_host,
            Service.COLLECTOR: self.public_collector_host,
        }.get(service)
        return (public or f"http://127.0.0.1:{self.port(service)}").rstrip("/")

    @property
    def root_secret(self) -> bytes:
        """SECRET_KEY, or in development the secret kept beside the data."""
        given = self.secret_key.get_secret_value()
        return given.encode() if given else secrets.kept_beside(self.data_dir)

    def derived(self, purpose: str) -> bytes:
        """A key for one purpose, drawn from the root secret; knowing one tells nothing of another."""
        return secrets.derive(self.root_secret, purpose)

    @property
    def audit_heads(self) -> Path:
        return self.audit_heads_file or self.data_dir / "audit-heads.jsonl"

    @property
    def assets_directory(self) -> Path:
        return (self.assets_dir or self.data_dir / "assets").expanduser().resolve()

    @property
    def token_key(self) -> str:
        return self.jwt_secret.get_secret_value() or self.derived("jwt").hex()

    def role_password(self, role: Role) -> str:
        given = self.role_passwords.get(role)
        return given.get_secret_value() if given else self.derived(f"postgres:{role}").hex()[:40]

    def postgres_url(self, role: Role, driver: str = "postgresql+psycopg") -> str:
        """The address of the records (or of Dagster's storage) for one role's log-in."""
        if role is Role.DAGSTER and self.dagster_database_url:
            return _with_driver(self.dagster_database_url.get_secret_value(), driver)
        database = Database.DAGSTER if role is Role.DAGSTER else Database.RECORDS
        log_in = f"{role}:{quote(self.role_password(role), safe='')}"
        if self.database_url is None:
            return f"{driver}://{log_in}@127.0.0.1:{self.port(Service.POSTGRES)}/{database}"
        given = urlsplit(self.database_url.get_secret_value())
        if given.username in (role, None) or role is Role.OWNER:
            return _with_driver(given.geturl(), driver)
        path = f"/{Database.DAGSTER}" if role is Role.DAGSTER else given.path
        host = given.netloc.rpartition("@")[2]
        return _with_driver(given._replace(netloc=f"{log_in}@{host}", path=path).geturl(), driver)

    def clickhouse_password(self) -> str:
        """The password of the embedded ClickHouse."""
        return self.derived("clickhouse").hex()[:40]

    def clickhouse_address(self) -> str:
        """The address of ClickHouse's HTTP interface, with its log-in."""
        if self.clickhouse_url is not None:
            return self.clickhouse_url.get_secret_value()
        return f"http://default:{self.clickhouse_password()}@127.0.0.1:{self.port(Service.CLICKHOUSE)}/"


def _with_driver(url: str, driver: str) -> str:
    return f"{driver}://{url.partition('://')[2]}"


class SettingsError(Exception):
    """Settings that do not parse; the text has one line a field."""


def load(**overrides: Any) -> Settings:
    """The settings of this process, or a SettingsError with a line for each field that is wrong."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError("\n".join(_line(problem) for problem in error.errors())) from None


@lru_cache(maxsize=1)
def current() -> Settings:
    """The settings of this process, read once."""
    return load()


def _line(problem: Any) -> str:
    """One problem as `FIELD: reason`; the value itself may be a secret and is never shown."""
    field = "_".join(str(part) for part in problem["loc"][:1]).upper()
    reason = problem["msg"].removeprefix("Value error, ")
    return f"{field}: {reason}" if field else reason
