"""Bodies: unpacked as they come, and never beyond what is allowed."""

import gzip
import zlib
from contextlib import suppress

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing_pipelines.trends.publishers import bodies
from marketing_pipelines.trends.publishers.troubles import Obstacle, Trouble

PACKED = {"gzip": gzip.compress, "x-gzip": gzip.compress, "br": brotli.compress, "": bytes}
# Enough that it is all there before the decompressor is asked a second time, were it not bounded.
BOMB = b"0" * 60_000_000
MEGABYTE = 2**20


def unpacked(pieces: list[bytes], encoding: str, largest: int = MEGABYTE) -> bytes:
    return b"".join(bodies.unpacked(pieces, encoding, largest))


@given(st.binary(max_size=3000), st.sampled_from(sorted(PACKED)), st.integers(1, 500))
def test_a_document_comes_out_as_it_went_in_however_it_is_cut(body: bytes, encoding: str, size: int):
    packed = PACKED[encoding](body)
    pieces = [packed[start : start + size] for start in range(0, len(packed), size)]
    assert unpacked(pieces, encoding) == body


@pytest.mark.parametrize("encoding", ["GZIP", " gzip ", "x-gzip"])
def test_an_encoding_is_a_word_in_any_case(encoding: str):
    assert unpacked([gzip.compress(b"feed")], encoding) == b"feed"


@pytest.mark.parametrize("encoding", ["identity", "none", "utf-8", "UTF-8", "binary"])
def test_a_slip_in_the_header_costs_no_feed(encoding: str):
    assert unpacked([b"feed"], encoding) == b"feed"


@pytest.mark.parametrize("encoding", ["deflate", "zstd", "compress", "gzip, gzip", "gzip, br"])
def test_what_was_not_asked_for_is_said(encoding: str):
    with pytest.raises(Obstacle, match="not asked for") as met:
        unpacked([zlib.compress(b"feed")], encoding)
    assert met.value.trouble is Trouble.DAMAGED


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_a_bomb_is_left_before_it_swells(encoding: str):
    parts = bodies.unpacked([PACKED[encoding](BOMB)], encoding, 2 * MEGABYTE)
    swollen = [len(next(parts)) for _ in range(3)]
    assert all(part < MEGABYTE for part in swollen), "it comes out in parts, each of them bounded"
    with pytest.raises(bodies.TooLarge, match=r"2\.0 MiB"):
        list(parts)


@pytest.mark.parametrize("encoding", ["gzip", ""])
def test_what_is_sent_is_bounded_too(encoding: str):
    """Empty members can be sent for ever without a byte coming out of them."""
    with pytest.raises(bodies.TooLarge):
        unpacked([gzip.compress(b"")] * 60_000, encoding)


@pytest.mark.parametrize("encoding", ["gzip", "br"])
@pytest.mark.parametrize("keep", [0, 1, 10, -1])
def test_a_packed_document_that_ends_too_early(encoding: str, keep: int):
    with pytest.raises(Obstacle, match="too early"):
        unpacked([PACKED[encoding](bytes(range(256)))[:keep]], encoding)


@pytest.mark.parametrize("encoding", ["gzip", "br"])
@given(body=st.binary(min_size=1, max_size=200))
def test_noise_is_an_obstacle_or_a_document(encoding: str, body: bytes):
    with suppress(Obstacle):
        assert len(unpacked([body], encoding)) < MEGABYTE


def test_members_of_a_gzip_file_are_read_one_after_another():
    joined = gzip.compress(b"one, ") + gzip.compress(b"two")
    assert unpacked([joined], "gzip") == b"one, two"
    assert unpacked([joined[:30], joined[30:]], "gzip") == b"one, two"


def test_what_follows_the_last_member_is_passed_over():
    assert unpacked([gzip.compress(b"one") + b"\0" * 100, b"\r\n"], "gzip") == b"one"
