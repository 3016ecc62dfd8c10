"""The rotation as Dagster and the command line run it."""

import dagster as dg
import pytest

from connectors.face import Channel
from connectors.sandbox import CREDENTIALS
from marketing_pipelines.defs.connections import automation
from marketing_pipelines.defs.resources import SettingsResource
from tests.insights.advertiser import Advertiser


@pytest.mark.usefixtures("house_of_runs")
def test_the_monthly_job_seals_anew_what_opens_as_before(advertiser: Advertiser):
    number = advertiser.connect(Channel.META, "555000111")
    before = advertiser.connection(number).credentials_sealed
    result = automation.secrets_rotation_job.execute_in_process(resources={"house": SettingsResource()})
    assert result.success
    assert advertiser.connection(number).credentials_sealed != before
    assert advertiser.kept(number) == CREDENTIALS[Channel.META]


def test_it_is_due_every_month():
    schedule = automation.secrets_rotation
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert schedule.cron_schedule == "15 4 1 * *"
