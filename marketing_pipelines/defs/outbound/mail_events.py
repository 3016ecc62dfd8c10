"""What the mail provider tells of mails after it took them: read off its web hook, a bounded batch a run."""

from collections import Counter

import dagster as dg

from marketing_pipelines.defs.hook_calls import reading
from marketing_pipelines.defs.outbound.assets import GROUP, OWNERS, sends
from store.records.hooks import Waiting
from store.settings import Settings

# Not materialisable by hand: what was told is read once, by the job that follows the collector.
mail_events = dg.AssetSpec(
    "mail_events",
    description=(
        "What SendGrid told of mails after it took them: delivered, bounced, reported as spam … Each event is kept once "
        "with its delivery, and who cannot get mail or wants none is left alone from then on."
    ),
    deps=[sends],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"sendgrid", "postgres"},
)


def _interpret(settings: Settings) -> Counter[str]:
    from marketing_pipelines.outbound import mail_events

    return mail_events.interpret(settings)


def _waiting(settings: Settings) -> Waiting | None:
    from marketing_pipelines.outbound import mail_events

    return mail_events.waiting(settings)


interpret_mail_events_job, mail_events_told = reading("mail_events", "SendGrid", _interpret, _waiting)
