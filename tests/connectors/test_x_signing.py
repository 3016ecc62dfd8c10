"""OAuth 1.0a as X documents it, to the letter, with its own worked examples."""

from datetime import UTC, datetime

import pytest

from connectors.x_signing import Keys, Signer, encoded, signature

KEYS = Keys(
    consumer_key="xvz1evFS4wEEPTGEFPHBog",
    consumer_secret="kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
    token="370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
    token_secret="LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
)
NONCE = "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"
SAID = {"include_entities": "true", "status": "Hello Ladies + Gentlemen, a signed OAuth request!"}


def signer() -> Signer:
    return Signer(KEYS, lambda: datetime.fromtimestamp(1318622958.7, UTC), lambda: NONCE)


def test_the_documented_request_is_signed_as_documented() -> None:
    address = "https://api.x.com/1.1/statuses/update.json"
    assert signer().authorization("post", address, SAID) == (
        'OAuth oauth_consumer_key="xvz1evFS4wEEPTGEFPHBog", '
        f'oauth_nonce="{NONCE}", '
        'oauth_signature="Ls93hJiZbQ3akF3HF3x1Bz8%2FzU4%3D", '
        'oauth_signature_method="HMAC-SHA1", '
        'oauth_timestamp="1318622958", '
        'oauth_token="370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", '
        'oauth_version="1.0"'
    )


def test_so_is_the_one_of_the_years_before() -> None:
    header = signer().authorization("POST", "https://api.twitter.com/1/statuses/update.json", SAID)
    assert 'oauth_signature="tnnArxj06cWHq44gCs1OSKk%2FjLY%3D"' in header


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ("Ladies + Gentlemen", "Ladies%20%2B%20Gentlemen"),
        ("An encoded string!", "An%20encoded%20string%21"),
        ("Dogs, Cats & Mice", "Dogs%2C%20Cats%20%26%20Mice"),
        ("☃", "%E2%98%83"),
        ("aZ09-._~", "aZ09-._~"),
    ],
)
def test_parameters_are_encoded_as_documented(said: str, sent: str) -> None:
    assert encoded(said) == sent


def test_whatever_is_signed_changes_the_signature() -> None:
    address = "https://ads-api.x.com/12/accounts"
    ways = [
        signature(KEYS, "GET", address, {"count": "1"}),
        signature(KEYS, "POST", address, {"count": "1"}),
        signature(KEYS, "GET", f"{address}/a", {"count": "1"}),
        signature(KEYS, "GET", address, {"count": "2"}),
        signature(KEYS, "GET", address, {"count": "1", "q": ""}),
    ]
    assert len(set(ways)) == len(ways)


def test_each_request_has_a_nonce_of_its_own_and_nobody_sees_a_secret() -> None:
    drawn = [
        Signer(KEYS, lambda: datetime.now(UTC)).authorization("GET", "https://a.example", {})
        for _ in range(2)
    ]
    assert drawn[0] != drawn[1]
    assert KEYS.consumer_secret not in drawn[0] + repr(KEYS)
    assert KEYS.token_secret not in drawn[0] + repr(KEYS)
