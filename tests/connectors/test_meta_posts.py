"""What is Meta's own about posts: pages that speak for themselves, pictures that take their time, a quota of a day."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors import errors
from connectors.face import Channel
from connectors.meta import Meta
from connectors.publishing import Network, Post
from connectors.retries import Patience
from connectors.sandbox.meta import CREDENTIALS
from connectors.sandbox.meta_graph import page_token
from connectors.sandbox.meta_posts import MOST_POSTS_A_DAY
from tests.conftest import TRUST
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import Sandbox

PAGE, PROFILE = "333000111", "17841400000000111"
LINK = "https://shop.example/coats?utm_source=facebook"
PICTURE = "https://shop.example/coats.jpg"


def meta(sandbox: Sandbox, http: httpx.Client | None = None) -> Meta:
    opened = sandbox.connector(Channel.META, http=http)
    assert isinstance(opened, Meta)
    return opened


def shown(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [each for each in sandbox.accepted(Channel.META) if each["kind"] == "post"]


def listening(asked: list[httpx.Request]) -> httpx.Client:
    return httpx.Client(timeout=10, verify=TRUST, event_hooks={"request": [asked.append]})


def test_a_link_is_shown_by_facebook_itself(sandbox: Sandbox) -> None:
    told = meta(sandbox).publish(PAGE, Network.FACEBOOK, Post(text="Warm.", link=LINK))
    [kept] = shown(sandbox)
    assert (kept["text"], kept["link"], kept["image"]) == ("Warm.", LINK, "")
    assert told.url == f"https://www.facebook.com/{told.id}"


def test_beside_a_picture_the_link_stands_at_the_end_of_the_words(sandbox: Sandbox) -> None:
    post = Post(text="Warm.", link=LINK, image=PICTURE)
    told = meta(sandbox).publish(PAGE, Network.FACEBOOK, post)
    [kept] = shown(sandbox)
    assert (kept["text"], kept["link"], kept["image"]) == (f"Warm.\n\n{LINK}", "", PICTURE)
    found = meta(sandbox).published_since(PAGE, Network.FACEBOOK, post, sandbox.now)
    assert found is not None
    assert found.id == told.id
    assert found.url.startswith("https://www.facebook.com/")


def test_the_link_counts_where_it_is_part_of_the_words(sandbox: Sandbox) -> None:
    just_fits = "a" * (63_206 - len(LINK))
    with pytest.raises(errors.Invalid, match="at most"):
        meta(sandbox).publish(PAGE, Network.FACEBOOK, Post(text=just_fits, link=LINK, image=PICTURE))
    meta(sandbox).publish(PAGE, Network.FACEBOOK, Post(text=just_fits, link=LINK))


def test_handing_over_a_picture_is_tried_again_and_shows_it_once(sandbox: Sandbox) -> None:
    asked: list[httpx.Request] = []

    def trouble_the_photo(request: httpx.Request) -> None:
        if request.url.path.endswith("/photos") and not asked:
            asked.append(request)
            sandbox.order(Channel.META, "accepted_then_silent")

    with httpx.Client(timeout=10, verify=TRUST, event_hooks={"request": [trouble_the_photo]}) as http:
        meta(sandbox, http).publish(PAGE, Network.FACEBOOK, Post(text="Warm.", image=PICTURE))
    assert len(sandbox.waits) == 1
    assert [each["image"] for each in shown(sandbox)] == [PICTURE]


def test_a_page_speaks_with_its_own_token_and_nobody_repeats_it(sandbox: Sandbox) -> None:
    asked: list[httpx.Request] = []
    with listening(asked) as http:
        opened = meta(sandbox, http)
        opened.publish(PAGE, Network.FACEBOOK, Post(text="Warm."))
        opened.published_since(PAGE, Network.FACEBOOK, Post(text="Warm."), sandbox.now)
    tokens = {
        request.url.path.rpartition("/")[2]: request.headers["authorization"].removeprefix("Bearer ")
        for request in asked
    }
    own = page_token(PAGE)
    assert tokens == {"accounts": CREDENTIALS["access_token"], "feed": own, "published_posts": own}
    assert all(own not in str(request.url) for request in asked)
    assert own not in repr(vars(vars(opened)["_places"]))


def test_the_stand_in_lets_no_person_speak_for_a_page(sandbox: Sandbox) -> None:
    answer = sandbox.http.post(
        f"{sandbox.address}/meta/v26.0/{PAGE}/feed",
        data={"message": "Warm."},
        headers={"authorization": f"Bearer {CREDENTIALS['access_token']}"},
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, 200)
    assert shown(sandbox) == []


def test_a_page_that_the_person_may_not_speak_for_is_no_place() -> None:
    pages = {"data": [{"id": "1", "name": "Only read"}, {"id": "2", "name": "Mine", "access_token": "x"}]}
    with answering((200, json.dumps(pages).encode())) as wire:
        opened = Meta.connect(CREDENTIALS, wire)
        assert [place.id for place in opened.places()] == ["2"]
        with pytest.raises(errors.Invalid, match="no place on facebook"):
            opened.publish("1", Network.FACEBOOK, Post(text="Warm."))


def test_a_page_is_no_profile(sandbox: Sandbox) -> None:
    with pytest.raises(errors.Invalid) as invalid:
        meta(sandbox).publish(PAGE, Network.INSTAGRAM, Post(text="Warm.", image=PICTURE))
    assert invalid.value.field == "place"


def test_instagram_is_waited_for_and_says_where_it_is(sandbox: Sandbox) -> None:
    post = Post(text="Warm. #coats", image=PICTURE)
    told = meta(sandbox).publish(PROFILE, Network.INSTAGRAM, post)
    [kept] = shown(sandbox)
    assert (kept["text"], kept["image"]) == ("Warm. #coats", PICTURE)
    assert len(sandbox.waits) == 1, "it was not ready at first"
    assert told.url == f"https://www.instagram.com/p/{told.id}/"
    assert meta(sandbox).published_since(PROFILE, Network.INSTAGRAM, post, sandbox.now) == told


def test_what_is_published_is_published_though_nobody_says_where(sandbox: Sandbox) -> None:
    def trouble_the_question(request: httpx.Request) -> None:
        if request.url.params.get("fields") == "permalink":
            sandbox.order(Channel.META, "server_error")

    with httpx.Client(timeout=10, verify=TRUST, event_hooks={"request": [trouble_the_question]}) as http:
        told = meta(sandbox, http).publish(PROFILE, Network.INSTAGRAM, Post(text="Warm.", image=PICTURE))
    assert (told.id, told.url) == (shown(sandbox)[0]["id"], "")


def test_a_picture_that_instagram_cannot_use_is_told(sandbox: Sandbox) -> None:
    post = Post(text="Warm.", image="https://shop.example/coats.gif")
    with pytest.raises(errors.Invalid, match="2207005") as invalid:
        meta(sandbox).publish(PROFILE, Network.INSTAGRAM, post)
    assert invalid.value.field == "image"
    assert shown(sandbox) == []


@pytest.mark.parametrize(
    ("status", "kind", "looks"),
    [
        ("IN_PROGRESS", errors.Transient, 20),
        ("EXPIRED", errors.Transient, 1),
        ("ERROR", errors.Invalid, 1),
        ("DREAMING", errors.UnexpectedAnswer, 1),
    ],
)
def test_a_picture_is_not_waited_for_for_ever(
    status: str, kind: type[errors.ChannelError], looks: int
) -> None:
    pages = {
        "data": [
            {"id": "2", "access_token": "x", "instagram_business_account": {"id": "3", "username": "shop"}}
        ]
    }
    answers = [(200, json.dumps(said).encode()) for said in (pages, {"id": "4"}, {"status_code": status})]
    waits: list[float] = []
    asked: list[httpx.Request] = []
    with answering(*answers) as wire:
        wire.http.event_hooks = {"request": [asked.append]}
        unhurried = replace(wire, patience=Patience(sleep=waits.append, draw=lambda: 0.0))
        with pytest.raises(kind):
            Meta.connect(CREDENTIALS, unhurried).publish(
                "3", Network.INSTAGRAM, Post(text="Hi", image=PICTURE)
            )
    assert [request.url.path for request in asked].count("/v0/4") == looks
    assert len(waits) == looks - 1
    assert not any(request.url.path.endswith("media_publish") for request in asked)


def test_a_profile_has_a_quota_of_a_day(sandbox: Sandbox) -> None:
    opened = meta(sandbox)
    for number in range(MOST_POSTS_A_DAY):
        opened.publish(PROFILE, Network.INSTAGRAM, Post(text=f"{number}", image=PICTURE))
    with pytest.raises(errors.QuotaExhausted):
        opened.publish(PROFILE, Network.INSTAGRAM, Post(text="One more", image=PICTURE))
    sandbox.now += timedelta(days=1)
    opened.publish(PROFILE, Network.INSTAGRAM, Post(text="One more", image=PICTURE))


@pytest.mark.parametrize(
    ("network", "post", "field"),
    [
        (Network.FACEBOOK, Post(text=" \n"), "text"),
        (Network.FACEBOOK, Post(text="", link=LINK), "text"),
        (Network.FACEBOOK, Post(text="Hi", link="javascript:alert(1)"), "link"),
        (Network.FACEBOOK, Post(text="Hi", link="https://"), "link"),
        (Network.FACEBOOK, Post(text="Hi", link="https://[::1"), "link"),
        (Network.FACEBOOK, Post(text="Hi", image="file:///etc/passwd"), "image"),
        (Network.FACEBOOK, Post(text="Hi", image="https://shop.example/" + "a" * 2000), "image"),
        (Network.INSTAGRAM, Post(text="Hi"), "image"),
        (Network.INSTAGRAM, Post(text="Hi", image=PICTURE, link=LINK), "link"),
        (Network.INSTAGRAM, Post(text="#a " * 31, image=PICTURE), "text"),
        (Network.INSTAGRAM, Post(text="@a " * 21, image=PICTURE), "text"),
        (Network.LINKEDIN, Post(text="Hi"), "network"),
    ],
)
def test_what_does_not_fit_is_refused_before_anybody_is_asked(
    sandbox: Sandbox, network: Network, post: Post, field: str
) -> None:
    with pytest.raises(errors.Invalid) as invalid:
        meta(sandbox).publish(PAGE, network, post)
    assert invalid.value.field == field
    assert sandbox.requests(Channel.META) == 0


def test_mail_addresses_are_no_mentions_and_thirty_hashtags_fit(sandbox: Sandbox) -> None:
    words = "ask us@shop.example " * 21 + "#a " * 30 + "@a " * 20
    meta(sandbox).publish(PROFILE, Network.INSTAGRAM, Post(text=words, image=PICTURE))
    assert [each["text"] for each in shown(sandbox)] == [words]


def test_half_a_character_is_told_to_nobody(sandbox: Sandbox) -> None:
    with pytest.raises(errors.Invalid) as invalid:
        meta(sandbox).publish(PAGE, Network.FACEBOOK, Post(text="\ud83d"))
    assert invalid.value.field == "message"
    assert shown(sandbox) == []


def test_a_post_is_found_among_many_and_by_its_words_alone(sandbox: Sandbox) -> None:
    opened, post = meta(sandbox), Post(text="  Warm,\r\nand dry. ")
    told = opened.publish(PAGE, Network.FACEBOOK, post)
    for number in range(2 * sandbox.page_rows):
        opened.publish(PAGE, Network.FACEBOOK, Post(text=f"Warm,\nand dry. {number}"))
    found = opened.published_since(PAGE, Network.FACEBOOK, Post(text="Warm,\nand dry."), sandbox.now)
    assert found is not None
    assert found.id == told.id
    alike = Post(text="Warm, and dry.")
    assert opened.published_since(PAGE, Network.FACEBOOK, alike, sandbox.now) is None


def test_a_moment_within_the_second_of_a_post_finds_it(sandbox: Sandbox) -> None:
    sandbox.now += timedelta(milliseconds=700)
    began = sandbox.now - timedelta(milliseconds=200)
    meta(sandbox).publish(PAGE, Network.FACEBOOK, Post(text="Warm."))
    assert meta(sandbox).published_since(PAGE, Network.FACEBOOK, Post(text="Warm."), began)
