"""The document's schemas, drawn from the types themselves, and what each field of an event means."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from collector.admission import (
    LARGEST_PROPS,
    LARGEST_VALUE,
    LONGEST_ADDRESS,
    LONGEST_TEXT,
    LONGEST_WAIT_MS,
)
from collector.answers import Problem, Results
from collector.incoming import Envelope, IncomingEvent

Schema = dict[str, Any]

REFERENCE = "#/components/schemas/{name}"
LONGEST_WAIT_DAYS = LONGEST_WAIT_MS // (24 * 3600 * 1000)
_CUT_ADDRESS = f"Kept up to {LONGEST_ADDRESS} characters."
_CUT_TEXT = f"Kept up to {LONGEST_TEXT} characters."
_MOMENT = "ISO 8601 (UTC where no zone is named), or milliseconds or seconds since 1970."

MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "event": "What happened: page_view, lead, purchase, identify, or a name of your own.",
        "id": "Chosen by the sender, so that sending again is safe; without one the edge makes one.",
        "ts": f"When it happened, by the sender's clock. {_MOMENT} A page's is believed only as a waiting time, "
        f"of {LONGEST_WAIT_DAYS} days at most, between this and `sent_at`.",
        "sent_at": f"When it was sent, by the sender's clock. {_MOMENT}",
        "url": f"Where it happened. {_CUT_ADDRESS}",
        "ref": f"Where the visitor came from. {_CUT_ADDRESS}",
        "sid": "The visitor's id, as the page has stored it.",
        "user_id": "Whom you know the visitor as: believed from servers; from pages it is kept in `props` as "
        "`claimed_user_id`.",
        "click_id": "The click that led here: the `mp_cid` of the address.",
        "utm_source": _CUT_TEXT,
        "utm_medium": _CUT_TEXT,
        "utm_campaign": _CUT_TEXT,
        "utm_term": _CUT_TEXT,
        "utm_content": _CUT_TEXT,
        "value": f"What it was worth, below {LARGEST_VALUE:,} either way; four places are kept.",
        "currency": "The value's currency, ISO 4217.",
        "consent": "What the visitor has said to the page.",
        "key": "The site's key, where neither the query nor X-Write-Key names it.",
        "ip": "From servers only: the address of the visitor they tell of.",
        "user_agent": f"From servers only: the browser of the visitor they tell of. {_CUT_TEXT}",
        "props": f"Anything else, of at most {LARGEST_PROPS // 1024} KB of JSON.",
    }
)
# Where what travels is not what the type becomes.
_ON_THE_WIRE: Mapping[str, Schema] = MappingProxyType(
    {
        "value": {
            "anyOf": [
                {
                    "type": "number",
                    "exclusiveMinimum": -float(LARGEST_VALUE),
                    "exclusiveMaximum": float(LARGEST_VALUE),
                },
                {"type": "string", "format": "decimal"},
                {"type": "null"},
            ]
        },
        "props": {"type": ["object", "null"]},
    }
)


def reference(kind: type[msgspec.Struct]) -> Schema:
    return {"$ref": REFERENCE.format(name=kind.__name__)}


def schemas(most_events: int) -> dict[str, Schema]:
    """By name, with what this installation takes at most."""
    _, found = msgspec.json.schema_components(
        [IncomingEvent, Envelope, Results, Problem], ref_template=REFERENCE
    )
    fields = found[IncomingEvent.__name__]["properties"]
    for name, meaning in MEANINGS.items():
        fields[name] = {**_ON_THE_WIRE.get(name, fields[name]), "description": meaning}
    found[Envelope.__name__]["properties"]["events"] |= {"minItems": 1, "maxItems": most_events}
    return found


def texts_of_event() -> dict[str, Schema]:
    """What may be said of an event where there are only names and texts: in the address of an image."""
    told = schemas(1)[IncomingEvent.__name__]["properties"]
    return {name: _as_text(schema) for name, schema in told.items() if name != "props"}


def _as_text(field: Schema) -> Schema:
    """The one of a field's forms that is a text."""
    [text] = [form for form in field.get("anyOf", [field]) if form.get("type", "string") == "string"]
    return {**text, "description": field["description"]}
