"""Signed server events."""

import pytest

from collector.refusals import Reason, Refused
from collector.signature import TOLERANCE_SECONDS, sign, verify

NOW = 1_795_000_000
BODY = b'{"event":"purchase"}'


def check(
    signatures: str, *, timestamp: bytes | None = b"%d" % NOW, body: bytes = BODY, now: int = NOW
) -> None:
    verify(
        ["secret", "the next secret"],
        body,
        timestamp=timestamp,
        signatures=signatures.encode(),
        now_ms=now * 1000,
    )


def test_a_signed_body_is_believed_within_the_tolerance() -> None:
    signed = sign("secret", NOW, BODY)
    check(signed)
    check(signed.upper())
    check(f"{sign('the secret before', NOW, BODY)}, {signed}")
    check(signed, now=NOW + TOLERANCE_SECONDS)
    check(signed, now=NOW - TOLERANCE_SECONDS)


@pytest.mark.parametrize(
    ("signatures", "changes"),
    [
        (sign("another secret", NOW, BODY), {}),
        (sign("secret", NOW, BODY), {"body": BODY + b" "}),
        (sign("secret", NOW, BODY), {"timestamp": b"%d" % (NOW + 1)}),
        (sign("secret", NOW, BODY), {"now": NOW + TOLERANCE_SECONDS + 1}),
        (sign("secret", NOW, BODY), {"now": NOW - TOLERANCE_SECONDS - 1}),
        (sign("secret", NOW, BODY), {"timestamp": None}),
        (sign("secret", NOW, BODY), {"timestamp": b"now"}),
        (sign("secret", NOW, BODY), {"timestamp": b"9" * 40}),
        ("", {}),
    ],
)
def test_anything_else_is_refused(signatures: str, changes: dict[str, object]) -> None:
    with pytest.raises(Refused) as refused:
        check(signatures, **changes)  # pyright: ignore[reportArgumentType]
    assert refused.value.reason is Reason.BAD_SIGNATURE
