"""A mail says what its manifest says, in bytes that do not change and headers that cannot be broken."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from connectors.face import OutgoingMail
from marketing_pipelines.email import addresses, links, render, way_out

DATE = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
MESSAGE_ID = "<abc@example.com>"
VALUES = {"email": "reader@example.com"}

lines = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cf"]), min_size=1, max_size=200
).filter(lambda text: text == text.strip() and "=?" not in text)
bodies = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], include_characters="\t\n"), min_size=1, max_size=2000
)


def manifest(subject: str = "News", text: str = "Hello", html: str = "") -> dict[str, Any]:
    template = {"subject": subject, "text": text, "html": html}
    return {"sender": "Die Händler <shop@example.com>", "template": template}


def read(raw: bytes) -> EmailMessage:
    mail = message_from_bytes(raw, policy=policy.SMTP)
    assert isinstance(mail, EmailMessage)
    return mail


@effort(max_examples=50)
@given(lines, bodies)
def test_what_arrives_is_what_was_written(subject: str, text: str) -> None:
    raw = render.message(manifest(subject, text), VALUES, MESSAGE_ID, DATE)
    mail = read(raw)
    assert mail["Subject"] == subject
    said = mail.get_content().replace("\r\n", "\n")
    assert said == (text if text.endswith("\n") else f"{text}\n")
    assert sorted(mail.keys()) == sorted(
        [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Content-Type",
            "Content-Transfer-Encoding",
            "MIME-Version",
        ]
    )
    OutgoingMail(sender="shop@example.com", recipient=VALUES["email"], message_id=MESSAGE_ID, raw=raw)


@effort(max_examples=50)
@given(bodies, bodies)
def test_the_same_manifest_gives_the_same_bytes(text: str, html: str) -> None:
    first = render.message(manifest(text=text, html=html), VALUES, MESSAGE_ID, DATE)
    assert first == render.message(manifest(text=text, html=html), VALUES, MESSAGE_ID, DATE)
    mail = read(first)
    assert mail["From"] == "Die Händler <shop@example.com>"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert first.isascii()


def test_the_preview_and_the_message_say_the_same() -> None:
    frozen = manifest("Grüße", "Text", "<p>Text</p>")
    preview = render.preview(frozen, VALUES)
    mail = read(render.message(frozen, VALUES, MESSAGE_ID, DATE))
    text, html = (part.get_content().rstrip() for part in mail.iter_parts())
    assert (preview.subject, preview.sender, preview.text, preview.html) == (
        mail["Subject"],
        mail["From"],
        text,
        html,
    )


@pytest.mark.parametrize(
    "text",
    ["a@example.com", "a.b+c@sub.example.co.uk", "o'brien@example.com", "me@localhost", " a@example.com "],
)
def test_an_address_is_taken(text: str) -> None:
    assert addresses.address(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    ["", "a", "@example.com", "a@", "a@b@example.com", ".a@example.com", "a..b@example.com", "a@-x.com", "a@x..com",
     "a b@example.com", "a@example.com\n", "<a@example.com>", "a@exämple.com", "\"a b\"@example.com"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"mail address|domain"):
        addresses.address(text)


@given(st.text())
def test_no_text_that_is_taken_as_a_line_can_break_a_header(text: str) -> None:
    try:
        addresses.line(text)
    except ValueError:
        return
    assert len(text.splitlines()) <= 1


def test_links_are_found_in_text_and_html() -> None:
    text = "See https://example.com/a?b=1, or (http://example.org/x)."
    html = '<a href="https://example.com/html">x</a><img src="https://example.com/i.png"><a href="mailto:a@example.com">y</a>'
    assert links.found_in(text, html) == [
        "http://example.org/x",
        "https://example.com/a?b=1",
        "https://example.com/html",
        "https://example.com/i.png",
        "mailto:a@example.com",
    ]


DOOR = "https://track.a-rather-long-name-of-a-shop.example.com/u/"


def marketing(text: str, html: str = "") -> dict[str, Any]:
    template = way_out.with_way_out({"subject": "News", "text": text, "html": html})
    return {**manifest(), "template": template, "unsubscribe": DOOR}


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Hello.", ""),
        ("Hello. Leave at {{unsubscribe}} whenever you like.", ""),
        ("Hello.", "<html><body><p>Hello.</p></BODY></html>"),
        ("Hello.", '<p>Hello. <a href="{{ Unsubscribe }}">Leave</a></p>'),
    ],
)
def test_each_part_of_marketing_says_once_how_to_end_it(text: str, html: str) -> None:
    address = f"{DOOR}{'t' * 55}"
    raw = render.message(marketing(text, html), VALUES, MESSAGE_ID, DATE, address)
    mail = read(raw)
    parts = [part.get_content() for part in mail.walk() if not part.is_multipart()]
    assert len(parts) == 1 + bool(html)
    assert [part.count(address) for part in parts] == [1] * len(parts)
    assert not any("unsubscribe }}" in part.lower() for part in parts)
    # What stands in the header is read by programs that unfold nothing and decode nothing.
    assert f"\r\nList-Unsubscribe: <{address}>\r\n".encode() in raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


def test_the_end_of_a_page_is_where_the_link_goes() -> None:
    page = marketing("x", "<html><body><p>Hello.</p></body></html>")["template"]["html"]
    assert page.endswith('">Unsubscribe</a></p></body></html>')


def test_an_approver_sees_the_door_and_no_readers_token() -> None:
    preview = render.preview(marketing("Hello."), VALUES)
    assert f"Unsubscribe: {DOOR}…" in preview.text


def test_other_mail_has_no_way_out_and_keeps_what_its_author_wrote() -> None:
    raw = render.message(manifest(text="{{ unsubscribe }}"), VALUES, MESSAGE_ID, DATE)
    assert b"List-Unsubscribe" not in raw
    assert b"{{ unsubscribe }}" in raw
