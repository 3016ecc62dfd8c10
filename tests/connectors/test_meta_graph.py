"""How the Graph API is asked: by smaller pages where one is too much, and more slowly before Meta says stop."""

import json
from dataclasses import replace
from datetime import date

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import errors
from connectors.face import Channel, Wire
from connectors.meta import Meta
from connectors.meta_usage import pause_wanted, time_to_regain
from connectors.retries import Patience
from connectors.sandbox.meta import CREDENTIALS
from tests.conftest import TRUST
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import Sandbox

ACCOUNT = "555000111"
SINCE, UNTIL = date(2026, 10, 1), date(2026, 10, 14)

LITTLE = {"call_count": 28, "total_time": 25, "total_cputime": 20}
AD_ACCOUNT = {"acc_id_util_pct": 9.6, "reset_time_duration": 100, "ads_api_access_tier": "standard_access"}
BUSINESS = {
    "type": "ads_insights",
    "call_count": 95,
    "total_cputime": 20,
    "total_time": 20,
    "estimated_time_to_regain_access": 12,
    "ads_api_access_tier": "development_access",
}
THROTTLE = {"app_id_util_pct": 33, "acc_id_util_pct": 80, "ads_api_access_tier": "standard_access"}


def headers(**said: object) -> httpx.Headers:
    return httpx.Headers({name.replace("_", "-"): json.dumps(value) for name, value in said.items()})


@pytest.mark.parametrize(
    ("said", "pause"),
    [
        (headers(), 0),
        (headers(x_app_usage=LITTLE), 0),
        (headers(x_app_usage={**LITTLE, "total_cputime": 85}), 30),
        (headers(x_app_usage={**LITTLE, "call_count": 100}), 60),
        (headers(x_ad_account_usage=AD_ACCOUNT), 0),
        (headers(x_ad_account_usage={**AD_ACCOUNT, "acc_id_util_pct": 75}), 0),
        (headers(x_ad_account_usage={**AD_ACCOUNT, "acc_id_util_pct": 85}), 50),
        (headers(x_business_use_case_usage={"555": [BUSINESS]}), 720),
        (headers(x_business_use_case_usage={"555": [{**BUSINESS, "call_count": 90}]}), 540),
        (headers(x_business_use_case_usage={"5": [{**BUSINESS, "call_count": 1}], "6": [BUSINESS]}), 720),
        (headers(x_fb_ads_insights_throttle=THROTTLE), 15),
        (headers(x_fb_ads_insights_throttle=THROTTLE, x_app_usage={"call_count": 95}), 60),
        (headers(x_app_usage=[1], x_ad_account_usage="full", x_business_use_case_usage={"5": BUSINESS}), 0),
        (headers(x_ad_account_usage={"acc_id_util_pct": 99, "reset_time_duration": 10**9}), 60),
    ],
)
def test_the_fuller_the_longer(said: httpx.Headers, pause: float) -> None:
    assert pause_wanted(said) == pytest.approx(pause)


@given(
    st.dictionaries(
        st.sampled_from(["x-app-usage", "x-business-use-case-usage"]), st.text('{}[]":,1e9-na', max_size=60)
    )
)
def test_no_header_breaks_the_reading_of_it(said: dict[str, str]) -> None:
    assert pause_wanted(httpx.Headers(said)) >= 0
    assert (time_to_regain(httpx.Headers(said)) or 1) > 0


def unhurried(wire: Wire, waits: list[float]) -> Meta:
    return Meta.connect(CREDENTIALS, replace(wire, patience=Patience(sleep=waits.append)))


PAGES = (200, b'{"data": []}')


@pytest.mark.parametrize(("count", "waits"), [(28, []), (85, [30.0]), (95, [60.0])])
def test_the_next_question_waits_no_longer_than_patience_lasts(count: int, waits: list[float]) -> None:
    usage = {"x-app-usage": json.dumps({"call_count": count})}
    if count == 95:
        usage["x-business-use-case-usage"] = json.dumps({"555": [BUSINESS]})
    waited: list[float] = []
    with answering(PAGES, headers=usage) as wire:
        opened = unhurried(wire, waited)
        opened.accounts()
        assert waited == [], "there is no next question yet"
        opened.accounts()
    assert waited == pytest.approx(waits)


def test_a_page_that_is_too_much_is_asked_for_by_halves_and_nothing_is_lost(sandbox: Sandbox) -> None:
    limits: list[str] = []

    def note(request: httpx.Request) -> None:
        if request.url.path.endswith("/insights"):
            limits.append(request.url.params["limit"])

    undisturbed = list(sandbox.reader(Channel.META).insights(ACCOUNT, SINCE, UNTIL))
    with httpx.Client(timeout=10, verify=TRUST, event_hooks={"request": [note]}) as http:
        rows = sandbox.reader(Channel.META, http=http).insights(ACCOUNT, SINCE, UNTIL)
        begun = [next(rows)]
        sandbox.order(Channel.META, "too_much_data", times=3)
        assert begun + list(rows) == undisturbed
    assert limits[:5] == ["500", "500", "250", "125", "62"]
    assert set(limits[5:]) == {"62"}
    assert sandbox.waits == [], "less is asked for, not the same once more"


def test_a_window_that_is_too_much_by_small_pages_is_told_before_it_uses_up_the_hour(
    sandbox: Sandbox,
) -> None:
    rows = sandbox.reader(Channel.META).insights(ACCOUNT, SINCE, UNTIL)
    next(rows)
    before = sandbox.requests(Channel.META)
    sandbox.order(Channel.META, "too_much_data", times=50)
    with pytest.raises(errors.TooMuchData):
        list(rows)
    assert sandbox.requests(Channel.META) - before == len([500, 250, 125, 62])


@pytest.mark.parametrize("secret", ["app_secret", "client_secret"])
def test_either_secret_proves_the_app(secret: str) -> None:
    asked: list[httpx.Request] = []
    with answering(PAGES) as wire:
        wire.http.event_hooks = {"request": [asked.append]}
        Meta.connect({"access_token": "x", secret: "y"}, wire).accounts()
        Meta.connect({"access_token": "x"}, wire).accounts()
    assert ["appsecret_proof=" in str(request.url) for request in asked] == [True, False]
