"""What Twilio tells of texts and what phones answer: read off its web hook, a bounded batch a run."""

from collections import Counter

import dagster as dg

from marketing_pipelines.defs.hook_calls import reading
from marketing_pipelines.defs.outbound.assets import GROUP, OWNERS, sends
from store.records.hooks import Waiting
from store.settings import Settings

# Counted in dagster.yaml, apart from what is told of mails: a STOP does not wait for those.
TURN = {"mp/hooks": "interpret_texts"}

# Not materialisable by hand: what was told is read once, by the job that follows the collector.
text_events = dg.AssetSpec(
    "text_events",
    description=(
        "What Twilio told of texts: delivered, lost and why, each kept once with its delivery; and which phones answered STOP, "
        "which get no text from then on, or START."
    ),
    deps=[sends],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"postgres"},
)


def _interpret(settings: Settings) -> Counter[str]:
    from marketing_pipelines.outbound import text_events

    return text_events.interpret(settings)


def _waiting(settings: Settings) -> Waiting | None:
    from marketing_pipelines.outbound import text_events

    return text_events.waiting(settings)


interpret_text_events_job, text_events_told = reading(
    "text_events", "Twilio", _interpret, _waiting, turn=TURN
)
