"""Rows are read as the plainest reading of the same payload reads them, and keep its words, whatever else it holds."""

import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest

from connectors import channels_with, errors
from connectors.answers import Answer
from connectors.face import Capability, Channel, Level
from connectors.sandbox.world import accounts_of
from connectors.verbatim import Scalar, Verbatim, fingerprint, wording
from tests.conftest import TRUST
from tests.connectors.running_sandbox import Sandbox
from tests.connectors.test_insights_contract import SINCE, UNTIL

TYPES = {"offsite_conversion.fb_pixel_purchase"}
"""The one of the chosen action types that the sandbox plays."""


def plainly(row: Any) -> str:
    return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def payload_rows(channel: Channel, body: bytes) -> Iterator[dict[str, Any]]:
    said = json.loads(body)
    match channel:
        case Channel.GOOGLE_ADS:
            yield from (row for chunk in said for row in chunk.get("results", ()))
        case Channel.META:
            yield from said["data"]
        case Channel.TIKTOK:
            yield from said["data"]["list"]
        case Channel.REDDIT:
            yield from said["data"]["metrics"]
        case _:
            yield from said["elements"]


def figures(channel: Channel, row: dict[str, Any]) -> tuple[int, int, Decimal, Decimal, Decimal]:
    """Impressions, clicks, spend, conversions and their value."""
    match channel:
        case Channel.GOOGLE_ADS:
            it = row["metrics"]
            spend = Decimal(it["costMicros"]) / 10**6
            done, value = str(it["conversions"]), str(it["conversionsValue"])
            return int(it["impressions"]), int(it["clicks"]), spend, Decimal(done), Decimal(value)
        case Channel.META:
            done, value = (
                sum(
                    (Decimal(each["value"]) for each in row.get(name, ()) if each["action_type"] in TYPES),
                    Decimal(0),
                )
                for name in ("actions", "action_values")
            )
            return int(row["impressions"]), int(row["inline_link_clicks"]), Decimal(row["spend"]), done, value
        case Channel.TIKTOK:
            it = {name: each for name, each in row["metrics"].items() if each != "-"}
            done = Decimal(it.get("conversion", 0))
            value = Decimal(it.get("total_purchase_value", 0)) + Decimal(it.get("total_sales_lead_value", 0))
            return int(it["impressions"]), int(it["clicks"]), Decimal(it["spend"]), done, value
        case Channel.REDDIT:
            it = {name: each for name, each in row.items() if name.startswith("conversion_") and each}
            done = sum(each for name, each in it.items() if name.endswith(("_clicks", "_views")))
            value = Decimal(sum(each for name, each in it.items() if name.endswith("_total_value"))) / 100
            return row["impressions"], row["clicks"], Decimal(row["spend"]) / 10**6, Decimal(done), value
        case _:
            done = row.get("externalWebsiteConversions", 0) + row.get("oneClickLeads", 0)
            spend, value = row["costInLocalCurrency"], row.get("conversionValueInLocalCurrency", 0)
            return row["impressions"], row["clicks"], Decimal(spend), Decimal(done), Decimal(value)


# X tells a list of days a measure: what its rows are made of is read in test_x_ads.py.
BY_ROWS = [channel for channel in channels_with(Capability.INSIGHTS) if channel is not Channel.X]
WHERE = ("/insights", "searchStream", "adAnalytics", "/report/", "/reports")


@pytest.mark.parametrize("channel", BY_ROWS)
@pytest.mark.parametrize("level", list(Level))
def test_a_reading_is_the_plainest_reading_of_its_payload(
    sandbox: Sandbox, channel: Channel, level: Level
) -> None:
    bodies: list[bytes] = []

    def keep(response: httpx.Response) -> None:
        if any(part in str(response.request.url) for part in WHERE):
            bodies.append(response.read())

    with httpx.Client(timeout=10, verify=TRUST, event_hooks={"response": [keep]}) as http:
        account = accounts_of(channel)[0].id
        rows = list(sandbox.reader(channel, http=http).insights(account, SINCE, UNTIL, level))
    plain = [row for body in bodies for row in payload_rows(channel, body)]
    assert [row.raw for row in rows] == [plainly(row) for row in plain]
    assert [row.raw_hash for row in rows] == [
        hashlib.sha256(plainly(row).encode()).hexdigest() for row in plain
    ]
    assert [
        (
            row.impressions,
            row.clicks,
            row.spend,
            row.conversions,
            Decimal(row.conversions_value_micros) / 10**6,
        )
        for row in rows
    ] == [figures(channel, row) for row in plain]
    assert any(row.conversions for row in rows)
    assert {row.conversions.as_tuple().exponent for row in rows} == {-6}


class Counted(msgspec.Struct):
    name: str
    count: int = 0


VERBATIM = Verbatim[Counted](
    values=list[Counted],
    words=list[wording({"name": Scalar, "count": Scalar, "within": wording({"b": Scalar, "a": Scalar})})],
    anything=list[Any],
    rows=lambda rows: rows,
    where="test",
)


def read(body: str) -> list[tuple[Counted, bytes]]:
    return VERBATIM.read(Answer(200, httpx.Headers(), body.encode()))[1]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"name": "a", "count": "5"}', '{"count":"5","name":"a"}'),
        ('{"count": 5, "name": null}', None),
        (r'{"name": "\u00e4 \/ \ud83d\ude00"}', '{"name":"ä / 😀"}'),
        ('{"name": "a", "within": {"b": 1.50, "a": null}}', '{"name":"a","within":{"a":null,"b":1.5}}'),
        ('{"name": "a", "within": {}}', '{"name":"a","within":{}}'),
        ('{"name": "a", "within": null}', '{"name":"a","within":null}'),
        ('{"zeta": {"y": 1, "x": [true]}, "name": "a"}', '{"name":"a","zeta":{"x":[true],"y":1}}'),
        ('{"name": "a", "within": {"z": 1, "a": 2}}', '{"name":"a","within":{"a":2,"z":1}}'),
        (
            '{"name": "a", "more": {"z": 1, "a": 2}, "count": 1}',
            '{"count":1,"more":{"a":2,"z":1},"name":"a"}',
        ),
        ('{"name": "b", "name": "a"}', '{"name":"a"}'),
    ],
)
def test_words_are_the_same_whichever_way_they_are_found(body: str, words: str | None) -> None:
    if words is None:
        with pytest.raises(errors.UnexpectedAnswer):
            read(f"[{body}]")
        return
    ((row, found),) = read(f"[{body}]")
    assert found.decode() == words == plainly(json.loads(body))
    assert fingerprint(found) == hashlib.sha256(words.encode()).hexdigest()
    assert row.name
    # Beside a row that nobody expected, the others keep theirs.
    assert read(f'[{body}, {{"surprise": 1, "name": "x"}}]')[0][1].decode() == words


@pytest.mark.parametrize(
    "body", ["", "[", '[{"name": "a"}', '[{"count": "many"}, {"na', '[{"name": "a"}] and more']
)
def test_an_answer_that_was_cut_off_is_transient_whatever_else_is_wrong(body: str) -> None:
    with pytest.raises(errors.Transient):
        read(body)


@pytest.mark.parametrize(
    "body", ["{}", "[1]", '[{"name": 5}]', '[{"name": "a", "count": "-"}]', "[" * 5000 + "]" * 5000]
)
def test_a_whole_answer_of_another_shape_is_unexpected(body: str) -> None:
    with pytest.raises(errors.UnexpectedAnswer):
        read(body)
