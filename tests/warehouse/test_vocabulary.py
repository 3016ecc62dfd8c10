"""One vocabulary: what the rules call a channel is what models, seeds and reports call it."""

import csv
from typing import Any

import yaml

from marketing_pipelines.defs.warehouse.dbt import PROJECT
from marketing_pipelines.events.channels import Channel


def test_the_models_know_the_channels_of_the_rules_and_no_others() -> None:
    project: dict[str, Any] = yaml.safe_load((PROJECT.project_dir / "dbt_project.yml").read_text())
    assert project["vars"]["channels"] == [channel.value for channel in Channel]


def test_spend_counts_under_a_channel_that_visits_can_have() -> None:
    with (PROJECT.project_dir / "seeds" / "ad_platforms.csv").open() as file:
        spent = {row["channel"] for row in csv.DictReader(file)}
    assert spent <= set(Channel)
