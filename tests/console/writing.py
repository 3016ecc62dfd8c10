"""Many actions at once, and the fields of a form that can be saved."""

import re
from datetime import datetime
from typing import Any

from sqlalchemy import text

from store import records
from store.settings import Role, Settings
from tests.console.visitors import Person

ETAG = re.compile(r'name="etag" value="([^"]*)"')
MAIL = {
    "title": "Winter mail",
    "purpose": "contract",
    "payload.recipients": "user@example.com\nsecond@example.com",
    "payload.subject": "Winter sale",
    "payload.body": "Hello,\r\n\r\nit is cold.",
}
SEQUENCE = {
    "purpose": "marketing_by_consent",
    "payload.name": "Welcome",
    "payload.steps": "1",
    "payload.steps.0.after_days": "0",
    "payload.steps.0.subject": "Hello",
    "payload.steps.0.body": "Good that you are here",
    "payload.most": "100",
    "payload.until": "2099-12-31",
}


def etag_of(page: str) -> str:
    found = ETAG.search(page)
    assert found, "the form carries no ETag"
    return found[1].replace("&#34;", '"')


def many(house: Settings, author: Person, count: int, due_at: datetime | None = None, **said: Any) -> None:
    """Drafts in one statement, numbered from 1."""
    values = {"type": "email", "state": "draft", "source": "person", "campaign": None} | said
    with records.session(house, Role.OWNER) as session:
        session.execute(
            text(
                "insert into actions (tenant_id, type, channel, title, purpose, source, campaign_id, payload, author_id, "
                "due_at, updated_at, state) select :tenant, :type, 'smtp', 'Mail ' || n, 'contract', :source, :campaign, "
                "'{}', :author, cast(:due as timestamptz) + n * interval '1 second', now(), :state "
                "from generate_series(1, :count) n"
            ),
            {"tenant": author.tenant, "author": author.id, "due": due_at, "count": count, **values},
        )
