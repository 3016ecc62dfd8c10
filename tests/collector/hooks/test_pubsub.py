"""Tokens of Google's, and the keys they are signed with."""

import asyncio
import base64
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from collector.hooks import Authorities, Call, CannotVerifyNow, NotGenuine, Provider, Verified, verify
from tests.collector.hooks.conftest import Edge
from tests.collector.hooks.publishing import KEYS_PATH, Publisher, key_set
from tests.collector.hooks.senders import (
    AUDIENCE,
    GOOGLE_KEY,
    GOOGLE_KEY_ID,
    NOW,
    SENDERS,
    genuine,
    google_token,
    with_header,
)

OTHER_KEY = rsa.generate_private_key(65537, 2048)
PUBLIC_PEM = GOOGLE_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def bearing(token: bytes, moment: int = NOW) -> Call:
    return with_header(genuine(Provider.PUBSUB, moment), b"authorization", b"Bearer " + token)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://edge.example/hooks/other"},
        {"aud": AUDIENCE + "/"},
        {"aud": ""},
        {"aud": None},
        {"email": "push@another.iam.gserviceaccount.com"},
        {"email": ""},
        {"email": None},
        {"email_verified": False},
        {"email_verified": "true"},
        {"iss": "https://accounts.google.com.evil.example"},
        {"iss": ""},
        {"exp": NOW - 301},
        {"exp": "never"},
        {"iat": NOW + 301},
        {"iat": None},
    ],
)
def test_a_token_of_googles_for_others_is_refused(edge: Edge, claims: dict[str, Any]) -> None:
    with pytest.raises(NotGenuine):
        edge.verify(Provider.PUBSUB, bearing(google_token(NOW, **claims)))


def test_both_spellings_of_the_issuer_are_googles(edge: Edge) -> None:
    token = google_token(NOW, iss="accounts.google.com")
    assert edge.verify(Provider.PUBSUB, bearing(token)).provider_event_id == SENDERS[Provider.PUBSUB].event_id


@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "iat", "email", "email_verified"])
def test_no_claim_can_be_missing(edge: Edge, claim: str) -> None:
    told = jwt.decode(google_token(NOW), options={"verify_signature": False})
    del told[claim]
    token = jwt.encode(told, GOOGLE_KEY, "RS256", headers={"kid": GOOGLE_KEY_ID}).encode()
    with pytest.raises(NotGenuine):
        edge.verify(Provider.PUBSUB, bearing(token))


def hs256_with_the_public_key() -> bytes:
    """What libraries fall for that let the token choose how it is verified."""
    header, _, rest = google_token(NOW, key=b"x" * 32, algorithm="HS256").partition(b".")
    claims = rest.partition(b".")[0]
    algorithm = jwt.get_algorithm_by_name("HS256")
    signature = algorithm.sign(header + b"." + claims, PUBLIC_PEM)
    return b".".join([header, claims, base64.urlsafe_b64encode(signature).rstrip(b"=")])


@pytest.mark.parametrize(
    "token",
    [
        google_token(NOW, key=OTHER_KEY),
        google_token(NOW, algorithm="RS512"),
        google_token(NOW, algorithm="PS256"),
        google_token(NOW, key="", algorithm="none"),
        hs256_with_the_public_key(),
        google_token(NOW)[:-4] + b"AAAA",
        google_token(NOW).rpartition(b".")[0] + b".",
        google_token(NOW) + b".e30",
        b"..",
        b"",
        base64.urlsafe_b64encode(b'{"alg":"RS256","kid":' + b"[" * 2000) + b".e30.AAAA",
    ],
)
def test_a_token_that_google_did_not_sign_is_refused(edge: Edge, token: bytes) -> None:
    with pytest.raises(NotGenuine):
        edge.verify(Provider.PUBSUB, bearing(token))


@pytest.mark.parametrize("key_id", ["", "another", None])
def test_a_key_that_google_does_not_name_is_refused(edge: Edge, key_id: str | None) -> None:
    headers = {} if key_id is None else {"kid": key_id}
    claims = jwt.decode(google_token(NOW), options={"verify_signature": False})
    token = jwt.encode(claims, GOOGLE_KEY, "RS256", headers=headers).encode()
    with pytest.raises(NotGenuine):
        edge.verify(Provider.PUBSUB, bearing(token))


@pytest.mark.parametrize(
    "document",
    [b"", b"{}", b"[]", b"null", b'{"keys":[]}', b'{"keys":[7]}', b'{"keys":7}', b"\xff", b"[" * 5000],
)
def test_what_is_no_set_of_keys_now_may_be_one_later(edge: Edge, document: bytes) -> None:
    edge.publisher.documents[KEYS_PATH] = (200, document)
    with pytest.raises(CannotVerifyNow):
        edge.verify(Provider.PUBSUB, genuine(Provider.PUBSUB))


def on_one_edge(publisher: Publisher, calls: list[tuple[Call, bytes]]) -> list[Verified | BaseException]:
    """What one process answers to calls one after the other, each while Google publishes certain keys."""

    async def ask() -> list[Verified | BaseException]:
        answers: list[Verified | BaseException] = []
        async with publisher.client() as http:
            authorities = Authorities(http)
            for call, keys in calls:
                publisher.documents[KEYS_PATH] = (200, keys)
                asked = verify(Provider.PUBSUB, call, SENDERS[Provider.PUBSUB].secret, authorities)
                answers += await asyncio.gather(asked, return_exceptions=True)
        return answers

    return asyncio.run(ask())


def test_googles_keys_are_kept_for_an_hour_and_asked_for_at_once_when_a_new_one_is_used(
    publisher: Publisher,
) -> None:
    before, after = key_set(**{GOOGLE_KEY_ID: OTHER_KEY}), key_set(**{GOOGLE_KEY_ID: GOOGLE_KEY})
    with_another = key_set(another=OTHER_KEY)
    answers = on_one_edge(
        publisher,
        [
            (genuine(Provider.PUBSUB), with_another),
            (genuine(Provider.PUBSUB, NOW + 59), after),
            (genuine(Provider.PUBSUB, NOW + 61), after),
            (genuine(Provider.PUBSUB, NOW + 3600), before),
            (genuine(Provider.PUBSUB, NOW + 3700), before),
        ],
    )
    believed = [isinstance(answer, Verified) for answer in answers]
    assert believed == [False, False, True, True, False]
    assert len(publisher.asked) == 3


def test_the_scheme_must_be_bearer(edge: Edge) -> None:
    call = genuine(Provider.PUBSUB)
    token = call.headers[b"authorization"].partition(b" ")[2]
    assert edge.verify(Provider.PUBSUB, with_header(call, b"authorization", b"bearer " + token))
    for value in (token, b"Basic " + token, b"Bearer" + token, b"Bearer  " + token):
        with pytest.raises(NotGenuine):
            edge.verify(Provider.PUBSUB, with_header(call, b"authorization", value))


def test_an_unwrapped_message_is_refused(edge: Edge) -> None:
    with pytest.raises(NotGenuine):
        edge.verify(Provider.PUBSUB, replace(genuine(Provider.PUBSUB), body=b"only the data"))
