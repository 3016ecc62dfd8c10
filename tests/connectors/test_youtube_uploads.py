"""Videos on their way to YouTube: part by part, whatever breaks, and never begun twice."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from connectors import errors, public_network, video_files
from connectors.face import Endpoint, Wire
from connectors.publishing import Declared, Network, Post, Published
from connectors.retries import Patience
from connectors.sandbox.youtube import CREDENTIALS
from connectors.youtube import YouTube
from connectors.youtube_uploads import PART

CHANNEL = "UC_x5XG1OV2P6uZZ5FSM9Ttw"
MADE = json.dumps(
    {"kind": "youtube#video", "id": "dQw4w9WgXcQ", "status": {"uploadStatus": "uploaded"}}
).encode()
MINE = json.dumps(
    {"items": [{"id": CHANNEL, "contentDetails": {"relatedPlaylists": {"uploads": f"UU{CHANNEL[2:]}"}}}]}
).encode()
VIDEO = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(range(251)) * (2 * PART // 251 + 1000)
"""Two whole parts, and a piece of a third."""


@dataclass
class Google:
    """Takes a video as documented; `mood` may answer the n-th PUT in its own way, or break off with None."""

    mood: Callable[["Google", int], tuple[int, Mapping[str, str], bytes] | None]
    location: str = "{address}/session"
    video: bytes = VIDEO
    address: str = ""
    begun: int = 0
    puts: list[str] = field(default_factory=list)
    taken: bytearray = field(default_factory=bytearray)
    tokens: list[str] = field(default_factory=list)

    def standing(self) -> tuple[int, Mapping[str, str], bytes]:
        if len(self.taken) == len(self.video):
            return 201, {}, MADE
        return 308, ({"range": f"bytes=0-{len(self.taken) - 1}"} if self.taken else {}), b""

    def put(self, span: str, body: bytes) -> tuple[int, Mapping[str, str], bytes] | None:
        """What the mood lets through is kept, as far as it follows on what is there."""
        self.puts.append(span)
        answer = self.mood(self, len(self.puts))
        if answer is not None and answer[0] >= 400:
            return answer
        if not span.startswith("bytes */"):
            start = int(span.removeprefix("bytes ").partition("-")[0])
            assert start == len(self.taken)
            self.taken += body
        return answer and (self.standing() if answer == AS_IT_IS else answer)


AS_IT_IS = (0, {}, b"")


def well(google: Google, number: int) -> tuple[int, Mapping[str, str], bytes] | None:
    del google, number
    return AS_IT_IS


@contextmanager
def serving(google: Google) -> Iterator[Wire]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.answer(200, {}, google.video if self.path.endswith(".mp4") else MINE)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            if self.path.endswith("/token"):
                self.answer(200, {}, b'{"access_token":"fresh","expires_in":3600}')
                return
            google.begun += 1
            assert self.headers["x-upload-content-length"] == str(len(google.video))
            self.answer(200, {"location": google.location.format(address=google.address)}, b"")

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            google.tokens.append(self.headers["authorization"])
            answer = google.put(self.headers["content-range"], body)
            if answer is None:
                self.close_connection = True
                return
            self.answer(*answer)

        def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the test's report is enough."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    google.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        with httpx.Client(timeout=10) as http:
            yield Wire(
                http=http,
                endpoint=Endpoint(google.address, "v3", f"{google.address}/token"),
                patience=Patience(sleep=lambda _: None, attempts=3),
            )
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def publish(google: Google) -> Published:
    with serving(google) as wire:
        return published_through(wire, f"{google.address}/coat.mp4")


def published_through(wire: Wire, address: str) -> Published:
    declared = Declared(is_made_for_kids=False, is_synthetic=False)
    post = Post(text="How a coat is made", image=address, declared=declared)
    return YouTube.connect(CREDENTIALS, wire).publish(CHANNEL, Network.YOUTUBE, post)


def test_a_video_goes_in_parts_and_arrives_byte_by_byte() -> None:
    google = Google(well)
    assert publish(google).id == "dQw4w9WgXcQ"
    assert hashlib.sha256(google.taken).digest() == hashlib.sha256(VIDEO).digest()
    assert (google.begun, len(google.puts)) == (1, 3)
    assert google.puts[0] == f"bytes 0-{PART - 1}/{len(VIDEO)}"


@pytest.mark.parametrize("broken", [1, 2, 3])
@pytest.mark.parametrize("is_kept", [True, False])
def test_a_connection_that_breaks_is_gone_on_with_where_it_broke(broken: int, is_kept: bool) -> None:
    """The part may have arrived or not: the session says."""

    def mood(google: Google, number: int) -> tuple[int, Mapping[str, str], bytes] | None:
        if number != broken:
            return AS_IT_IS
        return None if is_kept else (503, {}, b"")

    google = Google(mood)
    assert publish(google).id == "dQw4w9WgXcQ"
    assert bytes(google.taken) == VIDEO
    assert google.begun == 1
    assert google.puts[broken] == f"bytes */{len(VIDEO)}"
    assert len(google.puts) == (4 if is_kept else 5)


def test_what_arrived_in_part_is_gone_on_with_from_there() -> None:
    def mood(google: Google, number: int) -> tuple[int, Mapping[str, str], bytes] | None:
        if number == 2:
            google.taken += VIDEO[PART : PART + 262_144]
            return 500, {}, b""
        return AS_IT_IS

    google = Google(mood)
    publish(google)
    assert bytes(google.taken) == VIDEO
    assert google.puts[3].startswith(f"bytes {PART + 262_144}-")


def test_a_session_that_takes_nothing_is_left_and_nothing_was_published() -> None:
    google = Google(lambda google, _: (503, {}, b"") if len(google.taken) else AS_IT_IS)
    with pytest.raises(errors.Transient):
        publish(google)
    assert (google.begun, len(google.taken)) == (1, PART)


def test_silence_after_the_last_byte_is_an_unknown_outcome() -> None:
    def mood(google: Google, number: int) -> tuple[int, Mapping[str, str], bytes] | None:
        del google
        return AS_IT_IS if number < 3 else None

    with pytest.raises(errors.UnknownOutcome):
        publish(Google(mood))


def test_a_session_that_has_run_out_is_not_begun_anew_by_itself() -> None:
    google = Google(lambda _, number: (404, {}, b"") if number > 1 else AS_IT_IS)
    with pytest.raises(errors.Transient, match="run out"):
        publish(google)
    assert google.begun == 1


@pytest.mark.parametrize(
    "answer", [(200, {}, b"{}"), (200, {}, b"{"), (200, {}, b'{"id":"../x"}'), (201, {}, b"")]
)
def test_a_video_without_an_id_may_be_there(answer: tuple[int, Mapping[str, str], bytes]) -> None:
    with pytest.raises(errors.UnknownOutcome):
        publish(Google(lambda _, number: answer if number == 3 else AS_IT_IS))


@pytest.mark.parametrize("told", ["bytes=0-99999999999", "bytes=5-9", "items=1", "bytes=0-" + "9" * 40])
def test_a_range_that_is_none_is_not_believed(told: str) -> None:
    with pytest.raises(errors.UnexpectedAnswer):
        publish(Google(lambda *_: (308, {"range": told}, b"")))


def test_a_refusal_of_a_part_is_told() -> None:
    body = json.dumps(
        {"error": {"code": 403, "message": "Gone.", "errors": [{"reason": "quotaExceeded"}]}}
    ).encode()
    google = Google(lambda *_: (403, {}, body))
    with pytest.raises(errors.QuotaExhausted):
        publish(google)
    assert len(google.puts) == 1


def test_a_token_that_expires_between_parts_is_renewed_and_the_part_is_sent_again() -> None:
    google = Google(lambda _, number: (401, {}, b"{}") if number == 2 else AS_IT_IS)
    publish(google)
    assert bytes(google.taken) == VIDEO
    assert google.tokens[-1] == "Bearer fresh"
    assert google.begun == 1


@pytest.mark.parametrize(
    "location", ["", "http://127.0.0.1:1/x", "https://googleapis.com.evil.example/x", "ftp://x", "https://[x"]
)
def test_the_token_goes_to_google_alone(location: str) -> None:
    google = Google(well, location=location)
    with pytest.raises(errors.UnexpectedAnswer):
        publish(google)
    assert google.puts == []


@pytest.mark.parametrize("content", [b"", b"<!doctype html><title>Sign in</title>", b"\xff\xd8\xff" * 20])
def test_what_is_no_video_is_never_begun(content: bytes) -> None:
    google = Google(well, video=content)
    with pytest.raises(errors.Invalid) as wrong:
        publish(google)
    assert (wrong.value.field, google.begun) == ("image", 0)


@pytest.mark.parametrize(
    "beginning",
    [b"\0\0\0\x20ftypqt  ", b"\0\0\0\x08wide\0\0\0\0", b"\x1a\x45\xdf\xa3" + b"\0" * 8, b"RIFF\0\0\0\0AVI "],
)
def test_containers_are_known_by_how_they_begin(beginning: bytes) -> None:
    assert publish(Google(well, video=beginning + b"\0" * 100)).id == "dQw4w9WgXcQ"


def test_a_video_beyond_all_bounds_is_never_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_files, "LARGEST_VIDEO", 1_000_000)
    google = Google(well)
    with pytest.raises(errors.Invalid, match="larger"):
        publish(google)
    assert google.begun == 0


def test_a_video_behind_our_own_door_is_not_fetched() -> None:
    google = Google(well)
    with (
        serving(google) as wire,
        public_network.client(allow_private=False, user_agent="t", timeout=httpx.Timeout(5)) as guarded,
        pytest.raises(errors.Invalid, match="does not go"),
        video_files.fetched(Wire(http=guarded, patience=wire.patience), f"{google.address}/coat.mp4"),
    ):
        raise AssertionError("it was fetched")
