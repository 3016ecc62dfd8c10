"""How people give access at Google, whichever of its APIs it is for."""

from connectors.face import Consent, Endpoint

ENDPOINT = Endpoint(
    token_url="https://oauth2.googleapis.com/token",  # noqa: S106 - an address, not a token
    authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
)


def consent_to(*scopes: str) -> Consent:
    """Without being offline and asked anew Google gives nothing to renew a token with."""
    return Consent(
        tuple(f"https://www.googleapis.com/auth/{scope}" for scope in scopes),
        {"access_type": "offline", "prompt": "consent"},
    )
