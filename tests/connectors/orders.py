"""An order as the tests report it back, with everything that a platform may know it by."""

import hashlib
from datetime import timedelta

from connectors.conversions import ConsentStatus, Conversion
from connectors.sandbox.google_ads_conversions import gclid
from tests.connectors.running_sandbox import NOON

BOUGHT = NOON - timedelta(hours=3)
CLICKED = NOON - timedelta(days=2)
HASH = hashlib.sha256(b"anna@example.com").hexdigest()

ORDER = Conversion(
    id="order-1001",
    name="Purchase",
    at=BOUGHT,
    ad_user_data=ConsentStatus.GRANTED,
    ad_personalization=ConsentStatus.GRANTED,
    value_micros=25_500_000,
    currency="EUR",
    clicked_at=CLICKED,
    gclid=gclid(CLICKED, "a"),
    fbclid="IwAR3nqz-x_aem_9",
    hashed_email=HASH,
    source_url="https://shop.example/thanks?order=1001",
    user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
)
