"""LinkedIn's posts in its own words: little text, pictures that are waited for, and looking for what got lost."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors import errors, little_text, public_network
from connectors.answers import Answer
from connectors.face import Channel, Wire
from connectors.linkedin import LinkedIn
from connectors.linkedin_pictures import LARGEST_PICTURE, MOST_LOOKS
from connectors.linkedin_refusals import meaning_of
from connectors.publishing import Network, Post
from connectors.retries import Patience
from connectors.sandbox.linkedin import CREDENTIALS
from connectors.sandbox.linkedin_posts import as_readers_see
from connectors.sandbox.picture import PICTURE
from connectors.sandbox.places import places_of
from tests.conftest import TRUST
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import NOON, Sandbox

PLACE = places_of(Channel.LINKEDIN)[0].id
AUTHOR = f"urn:li:organization:{PLACE}"
LINK = "https://shop.example/coats?utm_source=x&utm_medium=social"
RESERVED = "\\|{}@[]()<>#*_~"


def posts(sandbox: Sandbox, http: httpx.Client | None = None) -> LinkedIn:
    opened = sandbox.connector(Channel.LINKEDIN, http=http)
    assert isinstance(opened, LinkedIn)
    return opened


def publish(sandbox: Sandbox, post: Post, http: httpx.Client | None = None) -> str:
    return posts(sandbox, http).publish(PLACE, Network.LINKEDIN, post).id


def picture(sandbox: Sandbox) -> str:
    return f"{sandbox.address}/_sandbox/picture.jpg"


def shown(sandbox: Sandbox) -> list[dict[str, Any]]:
    return sandbox.accepted(Channel.LINKEDIN)


def overhearing(
    heard: list[httpx.Request], before: Callable[[httpx.Request], None] = lambda _: None
) -> httpx.Client:
    return httpx.Client(timeout=10, verify=TRUST, event_hooks={"request": [before, heard.append]})


def serving(status: int, body: bytes, **headers: str) -> AbstractContextManager[Wire]:
    """Somebody else's server, where a picture might be."""
    return answering((status, body), headers=headers)


def said(body: Any) -> tuple[int, bytes]:
    return 200, json.dumps(body).encode()


@given(st.text() | st.text(alphabet=f"{RESERVED}a \n"))
@example("{hashtag|\\#|coats} \\\\ \\")
def test_readers_see_the_very_words(words: str):
    assert as_readers_see(little_text.escaped(words)) == words
    assert little_text.plain(little_text.escaped(words)) == words


@pytest.mark.parametrize("letter", RESERVED)
def test_words_that_are_not_escaped_are_cut_without_a_word(letter: str):
    assert as_readers_see(f"Coats {letter} boots") == "Coats "
    assert as_readers_see(f"Coats \\{letter} boots") == f"Coats {letter} boots"


def test_no_other_letter_is_escaped():
    others = "".join(chr(code) for code in range(32, 0x250) if chr(code) not in RESERVED)
    assert little_text.escaped(others) == others


def test_a_post_is_told_as_documented(sandbox: Sandbox):
    heard: list[httpx.Request] = []
    with overhearing(heard) as http:
        told = posts(sandbox, http).publish(PLACE, Network.LINKEDIN, Post(text="Hello (world)"))
    [request] = heard
    assert json.loads(request.content) == {
        "author": AUTHOR,
        "commentary": "Hello \\(world\\)",
        "visibility": "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }
    assert told.url == f"https://www.linkedin.com/feed/update/{told.id}"


def test_a_link_has_a_card_with_the_first_line_as_its_title(sandbox: Sandbox):
    heard: list[httpx.Request] = []
    with overhearing(heard) as http:
        publish(sandbox, Post(text="\nCoats are in\nLook at them", link=LINK), http)
        publish(sandbox, Post(text="n" * 500, link=LINK), http)
    first, second = (json.loads(request.content)["content"] for request in heard)
    assert first == {"article": {"source": LINK, "title": "Coats are in"}}
    assert second["article"]["title"] == f"{'n' * 199}…"


@pytest.mark.parametrize(
    ("text", "seen"), [("Look", f"Look\n\n{LINK}"), (f"Look: {LINK} !", f"Look: {LINK} !")]
)
def test_beside_a_picture_a_link_follows_the_text(sandbox: Sandbox, text: str, seen: str):
    publish(sandbox, Post(text=text, link=LINK, image=picture(sandbox)))
    [kept] = shown(sandbox)
    assert (kept["text"], kept["link"]) == (seen, "")
    assert kept["image"].startswith("urn:li:image:")


def test_a_picture_is_fetched_handed_over_and_waited_for(sandbox: Sandbox):
    heard: list[httpx.Request] = []
    with overhearing(heard) as http:
        publish(sandbox, Post(text="Look", image=picture(sandbox)), http)
    fetched, begun, put, looked, again, post = heard
    assert [request.method for request in heard] == ["GET", "POST", "PUT", "GET", "GET", "POST"]
    assert "authorization" not in fetched.headers
    assert json.loads(begun.content) == {"initializeUploadRequest": {"owner": AUTHOR}}
    assert put.content == PICTURE
    assert looked.url == again.url
    assert b"/images/urn%3Ali%3Aimage%3A" in looked.url.raw_path
    assert shown(sandbox)[0]["image"] == json.loads(post.content)["content"]["media"]["id"]
    assert len(sandbox.waits) == 1


@pytest.mark.parametrize("step", ["/images", "/dms-uploads/", "/images/"])
@pytest.mark.parametrize("fault", ["server_error", "accepted_then_silent", "expired_token"])
def test_trouble_while_a_picture_is_prepared_changes_nothing(sandbox: Sandbox, step: str, fault: str):
    troubled: list[httpx.Request] = []

    def trouble(request: httpx.Request) -> None:
        path = request.url.path
        if not troubled and (path.endswith(step) if step == "/images" else step in path):
            troubled.append(request)
            sandbox.order(Channel.LINKEDIN, fault)

    with overhearing([], trouble) as http:
        publish(sandbox, Post(text="Look", image=picture(sandbox)), http)
    assert troubled
    assert [each["text"] for each in shown(sandbox)] == ["Look"]


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (200, b"<html>", {}),
        (200, b"", {}),
        (200, b"RIFF....WEBP", {}),
        (200, b"<svg xmlns=", {"content-type": "image/png"}),
        (200, b"\xff\xd8\xff" + b"x" * LARGEST_PICTURE, {}),
        (404, PICTURE, {}),
        (403, PICTURE, {}),
        (302, PICTURE, {"location": "http://169.254.169.254/"}),
    ],
    ids=["html", "empty", "webp", "svg", "too large", "gone", "forbidden", "elsewhere"],
)
def test_what_is_no_picture_is_not_published(
    sandbox: Sandbox, status: int, body: bytes, headers: dict[str, str]
):
    with serving(status, body, **headers) as wire, pytest.raises(errors.Invalid) as wrong:
        publish(sandbox, Post(text="Look", image=f"{wire.endpoint.base_url}/coats.png"))
    assert wrong.value.field == "image"
    assert sandbox.requests(Channel.LINKEDIN) == 0


@pytest.mark.parametrize(
    "image",
    ["ftp://shop.example/x.png", "file:///etc/passwd", "coats.png", "http://shop.example:port/", "https://"],
)
def test_what_is_no_address_is_not_fetched(sandbox: Sandbox, image: str):
    with pytest.raises(errors.Invalid) as wrong:
        publish(sandbox, Post(text="Look", image=image))
    assert wrong.value.field == "image"
    assert sandbox.requests(Channel.LINKEDIN) == 0


def test_a_picture_behind_our_own_door_is_not_fetched(sandbox: Sandbox):
    timeout = httpx.Timeout(10)
    with (
        public_network.client(allow_private=False, user_agent="test", timeout=timeout) as http,
        pytest.raises(errors.Invalid) as wrong,
    ):
        publish(sandbox, Post(text="Look", image=picture(sandbox)), http)
    assert wrong.value.field == "image"
    assert sandbox.requests(Channel.LINKEDIN) == 0


def test_a_picture_that_cannot_be_had_for_now_is_asked_for_again(sandbox: Sandbox):
    with serving(503, b"") as wire, pytest.raises(errors.Transient):
        publish(sandbox, Post(text="Look", image=f"{wire.endpoint.base_url}/coats.png"))
    assert len(sandbox.waits) == 4
    assert sandbox.requests(Channel.LINKEDIN) == 0


def bring(wire: Wire, waits: list[float], image: str) -> None:
    patient = replace(wire, patience=Patience(sleep=waits.append, draw=lambda: 0.5))
    LinkedIn.connect(CREDENTIALS, patient).publish(PLACE, Network.LINKEDIN, Post(text="Look", image=image))


@pytest.mark.parametrize(
    ("status", "kind", "looks"),
    [
        ("PROCESSING", errors.NotReady, MOST_LOOKS),
        ("WAITING_UPLOAD", errors.NotReady, MOST_LOOKS),
        ("PROCESSING_FAILED", errors.Invalid, 0),
    ],
)
def test_a_picture_is_not_waited_for_for_ever(
    sandbox: Sandbox, status: str, kind: type[errors.ChannelError], looks: int
):
    waits: list[float] = []
    begun = said({"value": {"uploadUrl": "{address}/dms-uploads/1", "image": "urn:li:image:1"}})
    with answering(begun, (201, b""), said({"status": status})) as wire, pytest.raises(kind):
        bring(wire, waits, picture(sandbox))
    assert len(waits) == looks


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/upload",
        "https://linkedin.com.evil.example/upload",
        "https://evil-linkedin.com/upload",
        "https://www.linkedin.com@evil.example/upload",
        "http://www.linkedin.com/upload",
        "https://[",
        "",
    ],
)
def test_the_token_is_taken_to_nobody_else(sandbox: Sandbox, address: str):
    begun = said({"value": {"uploadUrl": address, "image": "urn:li:image:1"}})
    with answering(begun) as wire, pytest.raises(errors.UnexpectedAnswer):
        bring(wire, [], picture(sandbox))


@pytest.mark.parametrize("image", ["urn:li:person:1", "", f"urn:li:image:{'1' * 300}"])
def test_an_image_that_is_none_is_never_guessed(sandbox: Sandbox, image: str):
    begun = said({"value": {"uploadUrl": "", "image": image}})
    with answering(begun) as wire, pytest.raises(errors.UnexpectedAnswer):
        bring(wire, [], picture(sandbox))


def test_the_same_words_again_are_a_duplicate_that_names_the_first(sandbox: Sandbox):
    first = publish(sandbox, Post(text="Coats (new)"))
    with pytest.raises(errors.Duplicate) as twice:
        publish(sandbox, Post(text="Coats (new)"))
    assert twice.value.existing_id == first
    sandbox.now += timedelta(days=1)
    assert publish(sandbox, Post(text="Coats (new)")) != first


def test_a_duplicate_as_users_report_it():
    body = {
        "errorDetailType": "com.linkedin.common.error.BadRequest",
        "message": "BadRequestResponseException: Content is a duplicate of urn:li:share:7141138937766391808",
        "errorDetails": {
            "inputErrors": [
                {"description": "Duplicate post is detected", "input": {}, "code": "DUPLICATE_POST"}
            ]
        },
        "status": 422,
    }
    meaning = meaning_of(Answer(422, httpx.Headers(), json.dumps(body).encode()), where="test", now=NOON)
    assert isinstance(meaning, errors.Duplicate)
    assert (meaning.existing_id, meaning.code) == ("urn:li:share:7141138937766391808", "DUPLICATE_POST")


def test_what_got_lost_is_found_below_what_came_since(sandbox: Sandbox):
    began = sandbox.now
    lost = publish(sandbox, Post(text="Lost  (words)\n"))
    for number in range(sandbox.page_rows + 2):
        sandbox.now += timedelta(minutes=1)
        publish(sandbox, Post(text=f"Later {number}"))
    looked = posts(sandbox)
    found = looked.published_since(PLACE, Network.LINKEDIN, Post(text="Lost (words)"), began)
    assert found is not None
    assert found.id == lost
    since = began + timedelta(seconds=1)
    assert looked.published_since(PLACE, Network.LINKEDIN, Post(text="Lost (words)"), since) is None
    assert looked.published_since(PLACE, Network.LINKEDIN, Post(text="Lost"), began) is None


@pytest.mark.parametrize(
    "commentary",
    ["\\#coats \\(new\\)", "#coats (new)", "{hashtag|\\#|coats} \\(new\\)", "{hashtag|#|coats} (new)"],
)
def test_words_are_the_same_however_linkedin_tells_them(commentary: str):
    element = {"id": "urn:li:share:1", "commentary": commentary, "createdAt": 1_800_000_000_000}
    with answering(said({"elements": [element]}), said({"elements": []})) as wire:
        found = LinkedIn.connect(CREDENTIALS, wire).published_since(
            PLACE, Network.LINKEDIN, Post(text="#coats (new)"), NOON
        )
    assert found is not None
    assert found.id == "urn:li:share:1"


def test_what_cannot_be_looked_through_is_not_said_to_be_missing():
    element = {"id": "urn:li:share:1", "commentary": "Other", "createdAt": 1_800_000_000_000}
    with answering(said({"elements": [element]})) as wire, pytest.raises(errors.TooMuchData):
        LinkedIn.connect(CREDENTIALS, wire).published_since(PLACE, Network.LINKEDIN, Post(text="Lost"), NOON)


@pytest.mark.parametrize("headers", [{}, {"x-restli-id": "1"}, {"x-restli-id": "urn:li:person:1"}])
def test_a_post_whose_urn_was_not_told_has_to_be_looked_for(headers: dict[str, str]):
    with answering((201, b""), headers=headers) as wire, pytest.raises(errors.UnknownOutcome):
        LinkedIn.connect(CREDENTIALS, wire).publish(PLACE, Network.LINKEDIN, Post(text="Hello"))


@pytest.mark.parametrize(
    ("post", "field"),
    [
        (Post(text=" \n"), "text"),
        (Post(text="🧥" * 1501), "text"),
        (Post(text="half \ud83e"), "text"),
        (Post(text="a" * 2999, link=LINK, image="https://shop.example/x.png"), "text"),
        (Post(text="Look", link="javascript:alert(1)"), "link"),
        (Post(text="Look", link=f"https://shop.example/{'x' * 2000}"), "link"),
    ],
)
def test_what_linkedin_would_not_take_is_sent_nowhere(sandbox: Sandbox, post: Post, field: str):
    with pytest.raises(errors.Invalid) as wrong:
        publish(sandbox, post)
    assert wrong.value.field == field
    assert sandbox.requests(Channel.LINKEDIN) == 0


def test_an_emoji_counts_twice(sandbox: Sandbox):
    publish(sandbox, Post(text="🧥" * 1500))
    assert shown(sandbox)[0]["text"] == "🧥" * 1500


def test_linkedin_publishes_on_linkedin_only(sandbox: Sandbox):
    with pytest.raises(errors.Invalid, match="facebook"):
        posts(sandbox).publish(PLACE, Network.FACEBOOK, Post(text="Hello"))
    assert sandbox.requests(Channel.LINKEDIN) == 0


def test_an_organisation_of_somebody_else_is_forbidden(sandbox: Sandbox):
    with pytest.raises(errors.Forbidden):
        posts(sandbox).publish("900999", Network.LINKEDIN, Post(text="Hello"))
    assert shown(sandbox) == []


def test_places_are_those_whose_roles_may_publish():
    roles = [
        {"organization": "urn:li:organization:1", "role": "CONTENT_ADMINISTRATOR", "state": "APPROVED"},
        {"organization": "urn:li:organization:1", "role": "ADMINISTRATOR", "state": "APPROVED"},
        {"organizationTarget": "urn:li:organization:2", "role": "ADMINISTRATOR", "state": "APPROVED"},
        {"organization": "urn:li:organization:3", "role": "ANALYST", "state": "APPROVED"},
        {"organization": "urn:li:organizationBrand:4", "role": "ADMINISTRATOR", "state": "APPROVED"},
    ]
    names = {"results": {"1": {"localizedName": "Shop"}}, "errors": {"2": {"status": 403}}}
    with answering(said({"elements": roles}), said({"elements": []}), said(names)) as wire:
        found = LinkedIn.connect(CREDENTIALS, wire).places()
    assert [(place.id, place.name) for place in found] == [("1", "Shop"), ("2", "2")]


def test_a_member_without_organisations_has_no_places():
    with answering(said({"elements": []})) as wire:
        assert LinkedIn.connect(CREDENTIALS, wire).places() == []
