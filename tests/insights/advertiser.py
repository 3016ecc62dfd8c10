"""A tenant that advertises: connects accounts of the sandbox and looks at what was stored of them."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import update

from connectors.face import Channel
from connectors.retries import Patience
from connectors.sandbox import CREDENTIALS, endpoint
from marketing_pipelines.insights import credentials, sync
from marketing_pipelines.insights.sync import Synced
from marketing_pipelines.insights.windows import Window
from store import events, records
from store.records.accounts import AccountStatus, AdAccount
from store.records.schema import TenantId
from store.settings import Role, Settings
from tests.connectors.running_sandbox import Sandbox

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


@dataclass
class Advertiser:
    settings: Settings
    clickhouse: events.Client
    tenant: TenantId
    sandbox: Sandbox

    def connect(
        self, channel: Channel, account_id: str, *, secrets: Mapping[str, Any] | None = None, **fields: Any
    ) -> int:
        sealed = credentials.seal(
            self.settings, channel, account_id, CREDENTIALS[channel] if secrets is None else secrets
        )
        with records.session(self.settings, Role.PIPELINES) as session:
            account = AdAccount(
                **{
                    "tenant_id": self.tenant,
                    "channel": channel,
                    "account_id": account_id,
                    "name": f"Account {account_id}",
                    "credentials_sealed": sealed,
                    "options": dataclasses.asdict(endpoint(channel, self.sandbox.address)),
                    **fields,
                }
            )
            session.add(account)
            session.flush()
            return account.id

    def disconnect(self) -> None:
        """Nobody answers for the accounts once the sandbox is gone, and no platform reported what was planted."""
        self.clickhouse.command(
            "delete from raw.insights where tenant_id = {tenant:Int64}",
            parameters={"tenant": self.tenant},
            settings={"lightweight_delete_mode": "lightweight_update_force"},
        )
        with records.session(self.settings, Role.PIPELINES) as session:
            mine = update(AdAccount).where(AdAccount.tenant_id == self.tenant)
            session.execute(mine.values(status=AccountStatus.DISABLED))

    def account(self, number: int) -> AdAccount:
        with records.session(self.settings, Role.PIPELINES) as session:
            return session.get_one(AdAccount, number)

    def sync(self, channel: Channel, since: date, until: date) -> list[Synced]:
        """Without waits: what fails for good fails at once."""
        patience = Patience(attempts=3, sleep=self.sandbox.waits.append)
        every = sync.sync_channel(
            self.settings, channel, Window(since, until), run_id="test", patience=patience
        )
        return [each for each in every if each.tenant_id == self.tenant]

    def facts(self) -> list[dict[str, Any]]:
        return events.read_for_tenant(self.clickhouse, self.tenant, FACTS).to_dicts()

    def totals(self, account: str, level: str) -> dict[str, Decimal]:
        (row,) = events.read_for_tenant(
            self.clickhouse, self.tenant, TOTALS, account=account, level=level
        ).to_dicts()
        return {name: Decimal(str(number)) for name, number in row.items()}

    def truth(self, channel: Channel, account: str, since: date, until: date) -> dict[str, Decimal]:
        """The same totals as the sandbox itself counts them; Google and LinkedIn know one kind of click only."""
        counted = self.sandbox.totals(channel, account, since, until)
        return counted if channel is Channel.META else {**counted, "all_clicks": counted["clicks"]}

    def plant(self, day: date, *, table: str = "raw.insights", **changed: str) -> None:
        """Adds a row like one of the day's, with some columns changed to SQL expressions."""
        changes = ", ".join(f"{expression} as {column}" for column, expression in changed.items())
        self.clickhouse.command(
            f"insert into {table} select * replace({changes}) from {table} "
            "where tenant_id = {tenant:Int64} and date_day = {day:Date} order by all limit 1",
            parameters={"tenant": self.tenant, "day": day},
        )
