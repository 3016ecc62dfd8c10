"""A tenant that advertises: connects accounts of the sandbox and looks at what was stored of them."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
from sqlalchemy import delete, update

from connectors.face import Channel
from connectors.publishing import Network
from connectors.retries import Patience
from connectors.sandbox import CREDENTIALS, endpoint
from connectors.sandbox.places import PLACES
from marketing_pipelines.insights import sync
from marketing_pipelines.insights.sync import Synced
from marketing_pipelines.insights.windows import Window
from store import events, records
from store.audit import Actor, ActorKind
from store.records import connections, places
from store.records.accounts import AccountStatus, AdAccount
from store.records.call_budgets import CallsMade
from store.records.connections import Connection
from store.records.places import Place
from store.records.schema import TenantId
from store.settings import Role, Settings
from tests.connectors.running_sandbox import Sandbox

SOMEBODY = Actor(ActorKind.USER, "1")

FACTS = """
select * except (run_id, fetched_at)
from raw.insights
where tenant_id = {tenant:Int64}
order by all
"""

TOTALS = """
select
    sum(impressions) as impressions,
    sum(clicks) as clicks,
    sum(all_clicks) as all_clicks,
    sum(spend_micros) as spend_micros,
    sum(conversions) as conversions,
    sum(conversions_value_micros) as conversions_value_micros,
    sum(view_through_conversions) as view_through_conversions
from raw.insights
where tenant_id = {tenant:Int64} and account_id = {account:String} and level = {level:String}
"""

CARRIED_BY = {place.network: place.channel for place in PLACES}


@dataclass
class Advertiser:
    settings: Settings
    clickhouse: events.Client
    tenant: TenantId
    sandbox: Sandbox

    def connect(
        self, channel: Channel, account_id: str, *, secrets: Mapping[str, Any] | None = None, **fields: Any
    ) -> int:
        granted = CREDENTIALS[channel] if secrets is None else secrets
        options = dataclasses.asdict(endpoint(channel, self.sandbox.address))
        with records.session(self.settings, Role.PIPELINES) as session:
            connection = connections.connect(
                session, self.settings, SOMEBODY, self.tenant, channel, "A grant", granted, options=options
            )
            account = AdAccount(
                **{
                    "tenant_id": self.tenant,
                    "channel": channel,
                    "account_id": account_id,
                    "name": f"Account {account_id}",
                    "connection_id": connection.id,
                    **fields,
                }
            )
            session.add(account)
            session.flush()
            return account.id

    def publish_to(self, network: Network, place_id: str, *, secrets: Mapping[str, Any] | None = None) -> int:
        """Through a connection of its own; gives the connection's number."""
        channel = CARRIED_BY[network]
        granted = CREDENTIALS[channel] if secrets is None else secrets
        options = dataclasses.asdict(endpoint(channel, self.sandbox.address))
        with records.session(self.settings, Role.PIPELINES) as session:
            connection = connections.connect(
                session, self.settings, SOMEBODY, self.tenant, channel, "A grant", granted, options=options
            )
            places.publish_to(session, SOMEBODY, connection, network, place_id, f"Place {place_id}")
            return connection.id

    def disconnect(self) -> None:
        """Nobody answers for accounts and places once the sandbox is gone, and no platform reported what was planted."""
        for table in ("raw.insights", "raw.posts"):
            self.clickhouse.command(
                f"delete from {table} where tenant_id = {{tenant:Int64}}",
                parameters={"tenant": self.tenant},
                settings={"lightweight_delete_mode": "lightweight_update_force"},
            )
        with records.session(self.settings, Role.PIPELINES) as session:
            mine = update(AdAccount).where(AdAccount.tenant_id == self.tenant)
            session.execute(mine.values(status=AccountStatus.DISABLED))
            session.execute(delete(Place).where(Place.tenant_id == self.tenant))

    def forget_calls(self) -> None:
        """All advertisers call the same accounts of the sandbox, and budgets are for them together."""
        with records.session(self.settings, Role.OWNER) as session:
            session.execute(delete(CallsMade))

    def account(self, number: int) -> AdAccount:
        with records.session(self.settings, Role.PIPELINES) as session:
            return session.get_one(AdAccount, number)

    def connection(self, number: int) -> Connection:
        """The one that opens an account."""
        with records.session(self.settings, Role.PIPELINES) as session:
            return session.get_one(Connection, session.get_one(AdAccount, number).connection_id)

    def spoil(self, number: int) -> None:
        """What is sealed for the account's connection is somebody's nonsense from now on."""
        with records.session(self.settings, Role.PIPELINES) as session:
            row = session.get_one(Connection, session.get_one(AdAccount, number).connection_id)
            row.credentials_sealed = b"nonsense"

    def kept(self, number: int) -> dict[str, Any]:
        with records.session(self.settings, Role.PIPELINES) as session:
            return connections.opened(session, self.settings, self.connection(number))

    def sync(self, channel: Channel, since: date, until: date) -> list[Synced]:
        """Without waits: what fails for good fails at once."""
        patience = Patience(attempts=3, sleep=self.sandbox.waits.append)
        every = sync.sync_channel(
            self.settings, channel, Window(since, until), run_id="test", patience=patience
        )
        return [each for each in every if each.tenant_id == self.tenant]

    def sync_with(self, http: httpx.Client, number: int, window: Window) -> Synced:
        """One account by a client of the test's own."""
        return sync.sync_account(
            self.settings,
            self.clickhouse,
            http,
            self.account(number),
            self.connection(number),
            window,
            "test",
            Patience(attempts=2, sleep=self.sandbox.waits.append),
        )

    def facts(self) -> list[dict[str, Any]]:
        return events.read_for_tenant(self.clickhouse, self.tenant, FACTS).to_dicts()

    def totals(self, account: str, level: str) -> dict[str, Decimal]:
        (row,) = events.read_for_tenant(
            self.clickhouse, self.tenant, TOTALS, account=account, level=level
        ).to_dicts()
        return {name: Decimal(str(number)) for name, number in row.items()}

    def truth(self, channel: Channel, account: str, since: date, until: date) -> dict[str, Decimal]:
        """The same totals as the sandbox itself counts them; All but Meta know one kind of click only."""
        counted = self.sandbox.totals(channel, account, since, until)
        return (
            counted if channel in {Channel.META, Channel.X} else {**counted, "all_clicks": counted["clicks"]}
        )

    def plant(self, day: date, *, table: str = "raw.insights", **changed: str) -> None:
        """Adds a row like one of the day's, with some columns changed to SQL expressions."""
        changes = ", ".join(f"{expression} as {column}" for column, expression in changed.items())
        self.clickhouse.command(
            f"insert into {table} select * replace({changes}) from {table} "
            "where tenant_id = {tenant:Int64} and date_day = {day:Date} order by all limit 1",
            parameters={"tenant": self.tenant, "day": day},
        )
