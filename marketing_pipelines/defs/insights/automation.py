"""Every night the newest day is read, and the days before it that may have changed; posts and ads are looked at four times a day."""

import dagster as dg

from marketing_pipelines.defs.insights.ads import ADS
from marketing_pipelines.defs.insights.assets import INSIGHTS
from marketing_pipelines.defs.insights.clicks import CLICKS
from marketing_pipelines.defs.insights.posts import POSTS
from marketing_pipelines.defs.partitions import DAYS
from marketing_pipelines.defs.resources import SettingsResource
from marketing_pipelines.insights.windows import Hours
from store import clock
from store.settings import current

USUAL_HOUR = 3

insights_job = dg.define_asset_job(
    "insights_job",
    selection=dg.AssetSelection.assets(*INSIGHTS),
    description="Reads a day's insights of every channel.",
)


@dg.schedule(
    job=insights_job,
    cron_schedule=f"0 {Hours.read(said).first if (said := current().insights_hours) else USUAL_HOUR} * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description=(
        "Reads the newest day, and with it the days that platforms may have restated; late, after a daemon that was "
        "down, only within INSIGHTS_HOURS."
    ),
)
def insights_daily(house: SettingsResource) -> dg.RunRequest | dg.SkipReason:
    hours = house.settings().insights_hours
    if hours and not Hours.read(hours).hold(clock.now()):
        return dg.SkipReason(
            f"The hours for it are over (INSIGHTS_HOURS={hours}): start it by hand, or wait."
        )
    return dg.RunRequest(partition_key=DAYS.get_last_partition_key())


posts_job = dg.define_asset_job(
    "posts_job",
    selection=dg.AssetSelection.assets(*POSTS),
    description="Reads how the posts of every channel do.",
)

posts_four_times_a_day = dg.ScheduleDefinition(
    name="posts_four_times_a_day",
    job=posts_job,
    # The last one is as near to a day's end as leaves it time to finish.
    cron_schedule="30 5,11,17,23 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Reads how posts do; a day's last reading is what the day is known by, just before it is over.",
)


ads_job = dg.define_asset_job(
    "ads_job",
    selection=dg.AssetSelection.assets(*ADS),
    description="Reads what stands in the ad accounts of every channel.",
)

ads_four_times_a_day = dg.ScheduleDefinition(
    name="ads_four_times_a_day",
    job=ads_job,
    cron_schedule="10 5,11,17,23 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Reads what stands in the ad accounts; a day's last reading is what its budgets are known by.",
)


clicks_job = dg.define_asset_job(
    "clicks_job",
    selection=dg.AssetSelection.assets(*CLICKS),
    description="Reads a day's clicks on the links that tenants have at other houses.",
)


@dg.schedule(
    job=clicks_job,
    cron_schedule="40 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Reads the clicks of the newest day, and of the week before it, in which they may have grown.",
)
def clicks_daily() -> dg.RunRequest:
    return dg.RunRequest(partition_key=DAYS.get_last_partition_key())
