"""The version of the rules rises with the rules, so that days that stand under old ones are found."""

import hashlib
import json
import os
from importlib import metadata
from pathlib import Path

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from marketing_pipelines.events import aliases, bots, channels, click_ids, referrers, user_agents
from marketing_pipelines.events.rules import RULES_VERSION

SNAPSHOT = Path(__file__).with_name("rules.json")


def digest() -> str:
    """All that the verdicts are looked up in: our own tables, and the lists that come with packages."""
    tables = {
        "referrers": [(Path(referrers.__file__).parent / name).read_text() for name in referrers.LISTS],
        "aliases": [aliases.SOURCES, aliases.MEDIUMS],
        "channels": [channels.OUTRIGHT, channels.PAID, channels.PAID_BY_VIEW, channels.UNPAID],
        "kinds": [sorted(channels.VIDEO_SOURCES), channels.KINDS_BY_NAME],
        "click_ids": [repr(click_id) for click_id in click_ids.CLICK_IDS],
        "bots": [bots.SCORES, bots.THRESHOLD],
        "user_agents": [user_agents.TELLS, user_agents.DEVICES],
        "crawlers": [crawler["pattern"] for crawler in CRAWLER_USER_AGENTS_DATA],
        "ua_parser": metadata.version("ua-parser-builtins"),
    }
    return hashlib.sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest()


def test_no_rule_changes_without_a_new_version() -> None:
    known = json.loads(SNAPSHOT.read_text())
    current = {"rules_version": RULES_VERSION, "digest": digest()}
    if os.environ.get("UPDATE_SNAPSHOTS") and known["rules_version"] < RULES_VERSION:
        SNAPSHOT.write_text(json.dumps(current, indent=2) + "\n")
        known = current
    assert current == known, (
        "raise RULES_VERSION, so that days are computed again, and: UPDATE_SNAPSHOTS=1 pytest tests/events/test_rules.py"
    )
