"""What stands in the ad accounts has cost and brought lately: by campaign, and how that is split over ad sets and ads."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from marketing_pipelines.analytics.reading import read
from store import events
from store.records.schema import TenantId

LATELY = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Named:
    """As rows of insights name a campaign."""

    platform: str
    account: str
    campaign: str


@dataclass(frozen=True, slots=True)
class Brought:
    """In 28 days; money and conversions as the platform counts them, `yesterday` what that day cost."""

    spend: float = 0.0
    yesterday: float = 0.0
    impressions: int = 0
    clicks: int = 0
    conversions: float = 0.0


@dataclass(frozen=True, slots=True)
class Split:
    """What each ad set and each ad of a campaign has brought, by its number at the platform."""

    ad_sets: Mapping[str, Brought]
    ads: Mapping[str, Brought]

    def share(self, ad_set: str) -> float | None:
        """Of what the campaign's ads cost together; None where they cost nothing."""
        whole = sum(it.spend for it in self.ad_sets.values())
        return self.ad_sets.get(ad_set, Brought()).spend / whole if whole else None


def brought(
    client: events.Client, tenant: TenantId, campaigns: Collection[Named], today: date
) -> dict[Named, Brought]:
    """Those that have reported nothing are missing."""
    if not campaigns:
        return {}
    rows = read(
        client,
        tenant,
        _CAMPAIGNS,
        first=today - LATELY + timedelta(days=1),
        last=today,
        yesterday=today - timedelta(days=1),
        accounts=sorted({it.account for it in campaigns}),
        campaigns=sorted({it.campaign for it in campaigns}),
    ).to_dicts()
    found = {Named(row["platform"], row["account_id"], row["campaign_id"]): _brought(row) for row in rows}
    return {name: found[name] for name in campaigns if name in found}


def split(client: events.Client, tenant: TenantId, campaign: Named, today: date) -> Split:
    rows = read(
        client,
        tenant,
        _ADS,
        first=today - LATELY + timedelta(days=1),
        last=today,
        yesterday=today - timedelta(days=1),
        platform=campaign.platform,
        account=campaign.account,
        campaign=campaign.campaign,
    ).to_dicts()
    return Split(
        ad_sets={row["ad_group_id"]: _brought(row) for row in rows if row["is_of_ad_set"]},
        ads={row["ad_id"]: _brought(row) for row in rows if not row["is_of_ad_set"]},
    )


def _brought(row: Mapping[str, Any]) -> Brought:
    return Brought(**{name: row[name] for name in Brought.__dataclass_fields__})


_SUMS = """
    toFloat64(sum(spend_micros)) / 1e6 as spend,
    toFloat64(sumIf(spend_micros, date_day = {yesterday:Date})) / 1e6 as yesterday,
    toInt64(sum(reported.impressions)) as impressions,
    toInt64(sum(reported.clicks)) as clicks,
    toFloat64(sum(reported.conversions)) as conversions
"""
_CAMPAIGNS = f"""
select
    toString(platform) as platform,
    account_id,
    campaign_id,
    {_SUMS}
from raw.insights as reported
where
    tenant_id = {{tenant:Int64}}
    and date_day between {{first:Date}} and {{last:Date}}
    and level = 'campaign'
    and account_id in {{accounts:Array(String)}}
    and campaign_id in {{campaigns:Array(String)}}
group by platform, account_id, campaign_id
settings max_execution_time = 10
"""  # noqa: S608 (nothing in it comes from outside)
_ADS = f"""
select
    ad_group_id,
    ad_id,
    grouping(ad_id) = 1 as is_of_ad_set,
    {_SUMS}
from raw.insights as reported
where
    tenant_id = {{tenant:Int64}}
    and platform = {{platform:String}}
    and account_id = {{account:String}}
    and campaign_id = {{campaign:String}}
    and date_day between {{first:Date}} and {{last:Date}}
    and level = 'ad'
group by grouping sets ((ad_group_id), (ad_group_id, ad_id))
settings max_execution_time = 10
"""  # noqa: S608 (nothing in it comes from outside)
