"""What opens X: two kinds of credentials in one connection, since its two interfaces share none.

Advertising is opened by an app's keys and a user's token of OAuth 1.0a, which are typed in and do not expire; posts by a
consent under OAuth 2, whose refresh tokens hold once. Either may be there without the other.
"""

from dataclasses import dataclass, field

from connectors.access_tokens import Grant
from connectors.errors import Forbidden, Invalid
from connectors.x_signing import Keys

WHERE = "X"
WHERE_ADS = "X Ads"


@dataclass(frozen=True, slots=True, kw_only=True)
class XCredentials(Grant):
    consumer_key: str = ""
    consumer_secret: str = field(default="", repr=False)
    ads_token: str = field(default="", repr=False)
    ads_token_secret: str = field(default="", repr=False)

    @property
    def opens_ads(self) -> bool:
        return bool(self.ads_token)

    @property
    def opens_posts(self) -> bool:
        return bool(self.access_token or self.refresh_token)

    def keys(self) -> Keys:
        """Those of advertising, whole."""
        if not self.opens_ads:
            raise Forbidden(what="no keys for advertising were typed in at this connection", where=WHERE_ADS)
        for name in ("consumer_key", "consumer_secret", "ads_token_secret"):
            if not getattr(self, name):
                raise Invalid(what="is needed beside the token", where=WHERE_ADS, field=name)
        return Keys(
            consumer_key=self.consumer_key,
            consumer_secret=self.consumer_secret,
            token=self.ads_token,
            token_secret=self.ads_token_secret,
        )

    def require_consent(self) -> None:
        if not self.opens_posts:
            raise Forbidden(what="nobody has consented to posts at this connection", where=WHERE)
