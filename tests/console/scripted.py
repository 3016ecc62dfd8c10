"""A request for every endpoint that would be done if the right person sent it, on a thing made for it alone."""

import json
import re
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
from sqlalchemy import select, text

from connectors.face import Channel
from connectors.sandbox import endpoint
from console.door.permissions import ACCESS
from store import records
from store.audit import Actor, ActorKind
from store.clock import now
from store.records import Record, accounts, ads, connections, places
from store.records.accounts import AdAccount
from store.records.ads import AdCampaign, Inventory
from store.records.people import MemberRole
from store.records.schema import TenantId
from store.settings import Role, Settings
from tests.ad_inventory import ad, ad_set, campaign
from tests.console.providers import consented, token
from tests.console.visitors import PASSWORD, Forms, Person, begun, mail, person
from tests.console.writing import MAIL, etag_of
from tests.trends.publisher import rss

API = "/api/"
# In paths, but no thing of a tenant's.
CHOICES: Mapping[str, str] = {
    "type": "email",
    "visitor_id": "phone",
    "story_id": "0" * 32,
    "channel": "meta",
    "connector": "google_ads",
}
# Takes what the path names away, or what speaks for whoever asks: done last, where it is done at all.
_ENDS = ("/logout", "/account/password", "/account/sign-out-elsewhere")
_WITH_ETAG = frozenset(
    {
        "POST /actions/{action_id}/edit",
        "POST /campaigns/{campaign_id}/edit",
        "POST /feeds/{feed_id}",
        "POST /goals/{goal_id}",
        "POST /measurement",
    }
)
# What a question asks for in its address.
_ASKED: Mapping[str, str] = {"GET /api/hold-outs/{hold_out_id}/lot": "?person=user:ann"}
_NAMED = re.compile(r"\{(\w+)\}")
_SIGNS = frozenset({"approve", "deny", "request-changes", "break-glass"})
_TABLES = sorted(table.name for table in Record.metadata.tables.values() if "tenant_id" in table.columns)
_POLICY = {"default_purpose": "contract", "allow_lone_release": False, "rules": []}
OPML = '<opml version="2.0"><body><outline text="News" xmlUrl="https://{unique}.example/feed"/></body></opml>'
# One sale of yesterday.
LIST = f"when,event,reference\n{datetime.now(UTC).date() - timedelta(days=1)},purchase,{{unique}}\n"
_STEP = {"after_days": 0, "subject": "Welcome", "body": "Glad you are here."}

# What each form says, and each body of the API. `{unique}` is another word each time, `{tomorrow}` the day after today.
SAID: Mapping[str, Mapping[str, Any]] = {
    "POST /logout": {},
    "POST /actions/new/{type}": MAIL,
    "POST /actions/new/{type}/preview": MAIL,
    "POST /actions/{action_id}/edit": MAIL | {"title": "Another title"},
    "POST /actions/{action_id}/preview": MAIL,
    "POST /actions/{action_id}/duplicate": {},
    "POST /actions/{action_id}/submit": {},
    "POST /actions/{action_id}/cancel": {},
    "POST /actions/{action_id}/approve": {"note": "as agreed"},
    "POST /actions/{action_id}/deny": {"note": "not like this"},
    "POST /actions/{action_id}/request-changes": {"note": "say it in fewer words"},
    "POST /actions/{action_id}/remarks": {"text": "Looks well"},
    "POST /approvals/batch": {"decision": "approved", "note": "as agreed"},
    "POST /campaigns/new": {"name": "Spring {unique}"},
    "POST /campaigns/{campaign_id}/edit": {"name": "Summer {unique}"},
    "POST /campaigns/{campaign_id}/publish": {},
    "POST /campaigns/{campaign_id}/schedule": {"start_date": "2098-01-01T09:00"},
    "POST /campaigns/{campaign_id}/pause": {"reason": "the stock is empty"},
    "POST /campaigns/{campaign_id}/resume": {},
    "POST /assets": {"tags": "winter"},
    "POST /assets/{asset_id}": {"name": "Another name", "tags": "summer"},
    "POST /assets/{asset_id}/archive": {},
    "POST /assets/{asset_id}/restore": {},
    "POST /assets/{asset_id}/delete": {},
    "POST /links": {"long_url": "https://shop.example/{unique}"},
    "POST /links/{link_id}": {"long_url": "https://shop.example/{unique}"},
    "POST /links/{link_id}/archive": {},
    "POST /links/{link_id}/restore": {},
    "POST /pixel/keys": {"origins": "https://shop.example"},
    "POST /pixel/keys/revoke": {},
    "POST /kill-switch/pull": {"reach": "channel:smtp", "reason": "look at it first"},
    "POST /kill-switch/release": {"scope": "channel", "subject": "smtp"},
    "POST /alerts/{alert_id}/acknowledge": {},
    "POST /people/invite": {"email": "{unique}@example.com", "name": "Nia", "role": "viewer"},
    "POST /people/invitations/{invitation_id}/send-again": {},
    "POST /people/invitations/{invitation_id}/withdraw": {},
    "POST /people/{user_id}/role": {"role": "analyst"},
    "POST /people/{user_id}/remove": {},
    "POST /people/{user_id}/disable": {},
    "POST /people/{user_id}/enable": {},
    "POST /people/{user_id}/new-password": {},
    "POST /keys": {"name": "A program", "scopes": "actions:read", "days": "30"},
    "POST /keys/{key_id}/revoke": {},
    "POST /tenants": {"slug": "t-{unique}", "name": "Another", "time_zone": "UTC", "currency": "EUR"},
    "POST /tenants/change": {"name": "Renamed", "time_zone": "Europe/Paris", "currency": "USD"},
    "POST /tenants/switch": {},
    "POST /goals/new": {
        "name": "Leads {unique}",
        "event": "lead",
        "counting": "each",
        "once_days": "30",
        "lookback_days": "30",
    },
    "POST /goals/{goal_id}": {
        "name": "Orders {unique}",
        "event": "order",
        "counting": "once",
        "once_days": "7",
        "lookback_days": "9",
    },
    "POST /goals/{goal_id}/make-headline": {},
    "POST /goals/{goal_id}/archive": {},
    "POST /hold-outs/new": {
        "name": "Spring {unique}",
        "question": "No letters",
        "share": "10",
        "first_day": "{tomorrow}",
        "last_day": "{tomorrow}",
    },
    "POST /hold-outs/{hold_out_id}/end": {},
    "POST /measurement": {
        "session_gap_minutes": "20",
        "headline_model": "linear",
        "first_weight": "30",
        "last_weight": "30",
        "half_life_hours": "24",
        "markov_order": "2",
    },
    "POST /settings/policy": {"default_purpose": "contract"},
    "POST /settings/privacy": {
        "consent_rule": "opt_in",
        "visitor_ids": "daily",
        "stored_addresses": "none",
    },
    "POST /settings/standing-approvals/{standing_id}/revoke": {"reason": "over"},
    "POST /account/name": {"name": "Somebody else"},
    "POST /account/password": {"present": PASSWORD, "password": f"{PASSWORD} again"},
    "POST /account/sign-out-elsewhere": {},
    "POST /audit/verify": {},
    "POST /trends/read": {},
    "POST /trends/draft": {"form": "chat", "day": "{tomorrow}"},
    "POST /connections/new/{channel}": {"access_token": token(Channel.META)},
    "POST /connections/{connection_id}/look": {},
    "POST /connections/{connection_id}/accounts": {"account": "4711", "name": "Shop {unique}"},
    "POST /connections/{connection_id}/accounts/leave": {"account": "1"},
    "POST /connections/{connection_id}/places": {"network": "facebook", "place": "333000111"},
    "POST /connections/{connection_id}/places/leave": {"network": "facebook", "place": "333000111"},
    "POST /connections/{connection_id}/switch": {"wanted": "insights"},
    "POST /connections/{connection_id}/disconnect": {},
    "POST /feeds": {
        "name": "News",
        "url": "https://{unique}.example/feed",
        "weight": "1",
        "interval_minutes": "60",
    },
    "POST /feeds/new": {},
    "POST /feeds/import": {"text": OPML},
    "POST /feeds/import/confirm": {"text": OPML},
    "POST /feeds/{feed_id}": {
        "name": "Other news",
        "url": "https://{unique}.example/feed",
        "weight": "2",
        "interval_minutes": "90",
    },
    "POST /feeds/{feed_id}/retire": {},
    "POST /feeds/{feed_id}/revive": {},
    "POST /feeds/{feed_id}/remove": {},
    "POST /exports": {"report": "channels", "format": "xlsx"},
    "POST /uploads": {},
    "POST /uploads/{upload_id}/confirm": {},
    "POST /uploads/{upload_id}/discard": {},
    "POST /visitors/{visitor_id}/splits": {"person_id": "user:{unique}", "reason": "The till in the shop."},
    "POST /visitors/splits/{split_id}/take-back": {},
    "POST /dead-letters/{action_id}/requeue": {"everything": "true", "reason": "the mailbox is back"},
    "POST /dead-letters/{action_id}/resolve": {"arrived": "true", "reason": "they say so"},
    "POST /api/actions": mail(),
    "PUT /api/actions/{action_id}": {"payload": mail(subject="Another sale")["payload"]},
    "POST /api/actions/{action_id}/submit": {},
    "POST /api/actions/{action_id}/cancel": {},
    "POST /api/actions/{action_id}/approve": {"note": "as agreed"},
    "POST /api/actions/{action_id}/deny": {"note": "not like this"},
    "POST /api/actions/{action_id}/request-changes": {"note": "say it in fewer words"},
    "POST /api/actions/{action_id}/break-glass": {"note": "nobody else is here and it burns"},
    "POST /api/actions/{action_id}/comments": {"text": "Looks well"},
    "POST /api/standing-approvals/{standing_id}/revoke": {"reason": "over"},
    "POST /api/campaigns": {"name": "Spring {unique}"},
    "PUT /api/campaigns/{campaign_id}": {"name": "Summer {unique}"},
    "POST /api/campaigns/{campaign_id}/publish": {},
    "POST /api/campaigns/{campaign_id}/schedule": {"start_date": "2098-01-01T09:00:00Z"},
    "POST /api/campaigns/{campaign_id}/pause": {"reason": "the stock is empty"},
    "POST /api/campaigns/{campaign_id}/resume": {},
    "POST /api/trends/ingest": {},
    "POST /api/connectors/{connector}/oauth/callback": {},
    "POST /api/feeds": {"name": "News", "url": "https://{unique}.example/feed"},
    "POST /api/feeds/discover": {},
    "POST /api/feeds/import": {"text": OPML},
    "PUT /api/feeds/{feed_id}": {"name": "Other news", "url": "https://{unique}.example/feed"},
    "POST /api/feeds/{feed_id}/retire": {},
    "POST /api/feeds/{feed_id}/revive": {},
    "DELETE /api/feeds/{feed_id}": {},
    "POST /api/exports": {"report": "timeseries", "arguments": {"metric": "roas"}},
    "POST /api/uploads": {"text": LIST},
    "POST /api/uploads/{upload_id}/confirm": {},
    "DELETE /api/uploads/{upload_id}": {},
    "POST /api/projects": {"name": "Project {unique}"},
    "PATCH /api/projects/{project_id}": {"description": "Another one"},
    "POST /api/dead-letters/{action_id}/requeue": {"reason": "the mailbox is back"},
    "POST /api/dead-letters/{action_id}/resolve": {"arrived": True},
    "POST /api/alerts/{alert_id}/acknowledge": {},
    "POST /api/links": {"long_url": "https://shop.example/{unique}"},
    "PATCH /api/links/{link_id}": {"title": "Another title"},
    "POST /api/assets": {"name": "Words", "kind": "text", "text": "Something {unique}"},
    "PATCH /api/assets/{asset_id}": {"name": "Another name"},
    "DELETE /api/assets/{asset_id}": {},
    "POST /api/recipients": {"email": "{unique}@example.com"},
    "PATCH /api/recipients/{recipient_id}": {"name": "Another name"},
    "DELETE /api/recipients/{recipient_id}": {},
    "POST /api/recipients/{recipient_id}/opt-out": {"reason": "said so by telephone"},
    "POST /api/recipients/{recipient_id}/opt-in": {"reason": "ticked the box"},
    "POST /api/groups": {"name": "Group {unique}"},
    "PATCH /api/groups/{group_id}": {"description": "Another one"},
    "POST /api/groups/{group_id}/recipients": {},
    "DELETE /api/groups/{group_id}/recipients/{recipient_id}": {},
    "POST /api/goals": {"name": "Leads {unique}", "event": "lead"},
    "PUT /api/goals/{goal_id}": {"name": "Orders {unique}", "event": "order"},
    "POST /api/goals/{goal_id}/make-headline": {},
    "DELETE /api/goals/{goal_id}": {},
    "POST /api/hold-outs": {
        "name": "Spring {unique}",
        "question": "No letters",
        "first_day": "{tomorrow}",
        "last_day": "{tomorrow}",
    },
    "POST /api/hold-outs/{hold_out_id}/end": {},
    "PUT /api/measurement": {"session_gap_minutes": 20, "headline_model": "linear"},
    "POST /api/identity/splits": {
        "visitor_id": "{unique}",
        "person_id": "ann",
        "reason": "The till in the shop.",
    },
    "DELETE /api/identity/splits/{split_id}": {},
    "PUT /api/policy": _POLICY,
    "POST /api/kill-switch": {"engaged": True, "scope": "channel", "subject": "cms"},
    "POST /api/tenants": {"slug": "t-{unique}", "name": "Another"},
    "PATCH /api/tenants/{tenant_id}": {"name": "Renamed"},
    "POST /api/users": {"email": "{unique}@example.com", "role": "viewer", "password": PASSWORD},
    "PATCH /api/users/{user_id}": {"role": "analyst"},
    "DELETE /api/users/{user_id}": {},
    "POST /api/keys": {"name": "A program", "scopes": ["actions:read"]},
    "DELETE /api/keys/{key_id}": {},
}


@cache
def address_of_a_feed() -> str:
    """One that answers for as long as the tests run."""

    class Feed(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(rss(name="News"))

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Feed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/feed"


def in_a_day() -> str:
    return (now() + timedelta(days=1)).date().isoformat()


def closed() -> list[str]:
    """Every endpoint that asks who comes, those last that end something which others need."""
    inside = [endpoint for endpoint, roles in ACCESS.items() if roles is not None]
    return sorted(inside, key=lambda endpoint: endpoint.endswith(_ENDS))


def changes(endpoint: str) -> bool:
    return not endpoint.startswith("GET ")


@dataclass(frozen=True)
class Request:
    """An endpoint with its thing and what is said to it."""

    endpoint: str
    path: str
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def method(self) -> str:
        return self.endpoint.partition(" ")[0]

    def from_form(self, forms: Forms, headers: Mapping[str, str], csrf: str | None) -> httpx.Response:
        """As a page sends it; a token of None is left out."""
        if self.method == "GET":
            return begun(forms.client, self.path, headers=headers)
        said = dict(self.said) if csrf is None else {**self.said, "csrf": csrf}
        files = {"files": ("words.txt", f"Words {uuid.uuid4()}".encode(), "text/plain")}
        lists = {"file": ("sales.csv", LIST.encode(), "text/csv")}
        with_file = {"POST /assets": files, "POST /uploads": lists}.get(self.endpoint)
        return forms.client.post(self.path, data=said, files=with_file, headers=headers)

    def from_program(self, api: httpx.Client, headers: Mapping[str, str] | None = None) -> httpx.Response:
        body = dict(self.said) if changes(self.endpoint) else None
        return api.request(self.method, self.path.removeprefix("/api"), json=body, headers=headers)

    def of(self, visitor: Forms | httpx.Client) -> httpx.Response:
        """As it is meant to be sent."""
        if isinstance(visitor, httpx.Client):
            return self.from_program(visitor)
        return self.from_form(visitor, {"Origin": visitor.site}, visitor.csrf)


@dataclass(frozen=True)
class Workplace:
    """A tenant with people in it, and something of everything as it is asked for."""

    house: Settings
    people: Mapping[MemberRole, Person]
    # The sandbox at which they are connected.
    providers: str
    # Stands in whatever the tenant writes, so that it can be looked for where it must not be.
    mark: str = field(default_factory=lambda: f"mark{uuid.uuid4().hex[:10]}")

    @property
    def tenant(self) -> TenantId:
        return self.people[MemberRole.ADMIN].tenant

    @cached_property
    def writer(self) -> httpx.Client:
        return self.people[MemberRole.MARKETER].api()

    @cached_property
    def admin(self) -> httpx.Client:
        return self.people[MemberRole.ADMIN].api()

    @cached_property
    def pages(self) -> Forms:
        return self.people[MemberRole.ADMIN].forms()

    @property
    def makers(self) -> Mapping[str, Callable[[], int]]:
        """Of what a path may name, how one is made."""
        return {
            "ad_campaign_id": self.ad_campaign,
            "alert_id": self.alert,
            "asset_id": self.asset,
            "connection_id": self.connection,
            "export_id": self.export,
            "feed_id": self.feed,
            "goal_id": self.goal,
            "group_id": self.group,
            "hold_out_id": self.hold_out,
            "invitation_id": self.invitation,
            "link_id": self.link,
            "project_id": self.project,
            "recipient_id": self.recipient,
            "request_id": self.requested_run,
            "split_id": self.split,
            "standing_id": self.standing,
            "tenant_id": lambda: self.tenant,
            "upload_id": self.upload,
            "user_id": self.user,
        }

    def request(self, endpoint: str, *, by: Person | None = None) -> Request:
        """Ready to be sent; whatever the path names has been made for it, owned by whoever is to send it."""
        owner = by or self.people[MemberRole.ADMIN]
        unique, tomorrow = uuid.uuid4().hex[:12], in_a_day()
        named = {name: self._named(name, endpoint, owner) for name in _NAMED.findall(endpoint)}
        said = {
            key: value.replace("{unique}", unique).replace("{tomorrow}", tomorrow)
            if isinstance(value, str)
            else value
            for key, value in (SAID[endpoint] if changes(endpoint) else {}).items()
        }
        path = endpoint.partition(" ")[2]
        for name, value in named.items():
            path = path.replace(f"{{{name}}}", str(value))
        path += _ASKED.get(endpoint, "")
        return Request(endpoint, path, said | self._said_of(endpoint, named, owner))

    def _named(self, name: str, endpoint: str, owner: Person) -> int | str:
        if name in CHOICES:
            return CHOICES[name]
        if name == "action_id":
            return self.dead_action() if "dead-letters" in endpoint else self.action(endpoint)
        if name == "campaign_id":
            return self.campaign(endpoint.rpartition("/")[2])
        if name == "key_id":
            return self.key(owner)
        return self.makers[name]()

    def _said_of(self, endpoint: str, named: Mapping[str, Any], owner: Person) -> dict[str, Any]:
        """What only the thing itself can tell, or only its owner."""
        if endpoint.endswith("/accounts/leave"):
            return {"account": str(named["connection_id"])}
        if endpoint.endswith("/places/leave"):
            return {"place": str(named["connection_id"])}
        if endpoint.endswith("/oauth/callback"):
            with owner.api() as api:
                channels = api.get("/connectors").raise_for_status().json()["items"]
            asked = {each["type"]: each["authorize_url"] for each in channels}[named["connector"]]
            return dict(consented(asked)) if asked else {"code": "none", "state": "none"}
        step = endpoint.rpartition("/")[2]
        if "action_id" in named and step in _SIGNS:
            return {"manifest_hash": self.hash_of(named["action_id"])}
        if endpoint == "POST /approvals/batch":
            number = self.action("/approve")
            return {"vote": f"{number}:{self.hash_of(number)}"}
        if endpoint in _WITH_ETAG:
            path = endpoint.partition(" ")[2].format(**named)
            path += "/edit" if path.startswith("/feeds/") else ""
            return {"etag": etag_of(self.pages.get(path).text)}
        if endpoint.endswith("/resolve"):
            return {"deliveries": [self.unknown_delivery(named["action_id"])]}
        if endpoint == "POST /pixel/keys/revoke":
            return {"key": self.collector_key()}
        if endpoint in {"POST /feeds/new", "POST /api/feeds/discover"}:
            return {"url": address_of_a_feed()}
        if endpoint == "POST /tenants/switch":
            return {"tenant": self.tenant}
        if endpoint == "POST /kill-switch/release":
            self.writer.post("/kill-switch", json={"scope": "channel", "subject": "smtp"}).raise_for_status()
        if endpoint == "POST /api/groups/{group_id}/recipients":
            return {"recipients": [self.recipient()]}
        if endpoint.startswith("DELETE /api/groups/"):
            joining = {"recipients": [named["recipient_id"]]}
            self.writer.post(f"/groups/{named['group_id']}/recipients", json=joining).raise_for_status()
        return {}

    def action(self, endpoint: str = "") -> int:
        """A draft, or what has been asked for where it is to be decided."""
        words = {"subject": f"Sale {self.mark}", "html": f"<p>Hello {self.mark}</p>"}
        number = self._made("/actions", mail(**words))
        if endpoint.rpartition("/")[2] in _SIGNS | {"html", "manifest"}:
            self.writer.post(f"/actions/{number}/submit").raise_for_status()
        return number

    def hash_of(self, action: int) -> str:
        return self.writer.get(f"/actions/{action}").raise_for_status().json()["manifest_hash"]

    def campaign(self, step: str = "") -> int:
        number = self._made("/campaigns", {"name": f"Campaign {self.mark} {uuid.uuid4().hex}"})
        for before in {"pause": ("publish",), "resume": ("publish", "pause")}.get(step, ()):
            self.writer.post(f"/campaigns/{number}/{before}", json={}).raise_for_status()
        return number

    def asset(self) -> int:
        words = f"Words {self.mark} {uuid.uuid4().hex}"
        return self._made("/assets", {"name": f"Asset {self.mark}", "kind": "text", "text": words})

    def link(self) -> int:
        return self._made("/links", {"long_url": f"https://shop.example/{self.mark}"})

    def project(self) -> int:
        return self._made("/projects", {"name": f"Project {self.mark} {uuid.uuid4().hex}"})

    def group(self) -> int:
        return self._made("/groups", {"name": f"Group {self.mark} {uuid.uuid4().hex}"})

    def connection(self) -> int:
        """With an account and a page, at the sandbox."""
        with records.session(self.house, Role.OWNER) as session:
            row = connections.connect(
                session, self.house, Actor(ActorKind.OPERATOR, "test"), self.tenant, "meta", f"Meta {self.mark}",
                {"access_token": token(Channel.META)},
                options={"base_url": endpoint(Channel.META, self.providers).base_url},
            )  # fmt: skip
            operator = Actor(ActorKind.OPERATOR, "test")
            accounts.read_from_now_on(session, operator, row, str(row.id), self.mark)
            places.publish_to(session, operator, row, "facebook", str(row.id), f"Page {self.mark}")
            return row.id

    def ad_campaign(self) -> int:
        """With an ad set and an ad in it."""
        at = self.connection()
        found = Inventory(
            [campaign("c1", name=f"Ads {self.mark}")],
            [ad_set("s1", "c1")],
            [ad("a1", "s1", headline=self.mark)],
        )
        with records.session(self.house, Role.OWNER) as session:
            account = session.scalars(select(AdAccount).where(AdAccount.connection_id == at)).one()
            ads.keep(session, account, found, datetime.now(UTC))
            return session.scalars(select(AdCampaign.id).where(AdCampaign.ad_account_id == account.id)).one()

    def feed(self) -> int:
        listing = {"name": f"Feed {self.mark}", "url": f"https://{uuid.uuid4().hex}.example/feed"}
        return self._made("/feeds", {**listing, "topic": f"Topic {self.mark}"})

    def goal(self) -> int:
        return self._made("/goals", {"name": f"Goal {self.mark} {uuid.uuid4().hex}", "event": "lead"})

    def hold_out(self) -> int:
        days = {"first_day": in_a_day(), "last_day": in_a_day()}
        return self._made("/hold-outs", {"name": f"Hold-out {self.mark}", "question": self.mark, **days})

    def split(self) -> int:
        said = {"visitor_id": uuid.uuid4().hex, "person_id": self.mark, "reason": "The till in the shop."}
        return self._made("/identity/splits", said)

    def recipient(self) -> int:
        return self._made("/recipients", {"email": f"{self.mark}-{uuid.uuid4().hex[:12]}@example.com"})

    def requested_run(self) -> int:
        return self._made("/trends/ingest", {})

    def key(self, owner: Person) -> int:
        with owner.api() as api:
            answer = api.post("/keys", json={"name": f"Key {self.mark}", "scopes": ["actions:read"]})
            return answer.raise_for_status().json()["about"]["id"]

    def user(self) -> int:
        return person(self.house, "", self.tenant, MemberRole.VIEWER, f"Person {self.mark}").id

    def invitation(self) -> int:
        return self._row(
            "insert into invitations (tenant_id, email, name, role, expires_at) values "
            "(:tenant, :unique || '@example.com', :mark, 'viewer', now() + interval '1 day') returning id"
        )

    def upload(self) -> int:
        """One that waits to be confirmed."""
        told = {"events": {"purchase": 1}, "amounts": [], "channels": [], "people": 0, "of_nobody": 1}
        told |= {"first": None, "last": None, "known": 0, "unread": []}
        return self._row(
            "insert into uploads (tenant_id, file_name, uploaded_by, lines, right_lines, wrong_lines, summary, expires_at) "
            "values (:tenant, :mark, :user, '[]', 1, 0, cast(:told as jsonb), now() + interval '1 day') returning id",
            user=self.people[MemberRole.ADMIN].id,
            told=json.dumps(told),
        )

    def export(self) -> int:
        """One that is made: of those in the making there are only so many."""
        return self._row(
            "with asked as (insert into exports (tenant_id, report, arguments, format, asked_by) values "
            "(:tenant, 'timeseries', jsonb_build_object('campaign', cast(:mark as text)), 'csv', :user) returning id), "
            "run as (insert into requested_runs (tenant_id, kind, subject_id, asked_by, due_at, state, ended_at) "
            "select :tenant, 'make_export', id, :user, now(), 'failed', now() from asked) select id from asked",
            user=self.people[MemberRole.ADMIN].id,
        )

    def alert(self) -> int:
        return self._row(
            "insert into alerts (tenant_id, kind, subject, occurred_at, about) values "
            "(:tenant, 'glass_broken', :unique, now(), '{\"action\": 1}') returning id"
        )

    def standing(self) -> int:
        body = {"name": f"Welcome {self.mark}", "steps": [_STEP], "most": 10, "until": "2098-12-31"}
        sequence = {"type": "sequence", "payload": body, "purpose": "contract"}
        return self._row(
            "insert into standing_approvals (tenant_id, action_id, version, most, until) values "
            "(:tenant, :action, 1, 10, '2098-12-31') returning id",
            action=self._made("/actions", sequence),
        )

    def dead_action(self) -> int:
        """One message failed for good, and of another nobody knows."""
        both = mail(recipients=["gone@example.com", f"{self.mark}@example.com"], subject=f"Sale {self.mark}")
        del both["payload"]["recipient"]
        number = self._made("/actions", both)
        self.writer.post(f"/actions/{number}/submit").raise_for_status()
        with self.people[MemberRole.APPROVER].api() as signer:
            signer.post(f"/actions/{number}/approve", json={}).raise_for_status()
        self._row(
            "insert into deliveries (tenant_id, action_id, version, recipient_key, message_id, state, outcome) "
            "select tenant_id, action_id, version, recipient_key, action_id || recipient_key, "
            "case when id = min(id) over () then 'failed' else 'unknown' end, 'no such mailbox' "
            "from action_recipients where tenant_id = :tenant and action_id = :action returning id",
            action=number,
        )
        for state in ("executing", "partially_failed"):
            moved = "update actions set state = :state where id = :action returning id"
            self._row(moved, action=number, state=state)
        return number

    def unknown_delivery(self, action: int) -> int:
        return self._row(
            "select id from deliveries where action_id = :action and state = 'unknown'", action=action
        )

    def collector_key(self) -> str:
        added = self.pages.post_signed("/pixel/keys", origins=f"https://{self.mark}.example")
        assert added.status_code == 303, added.text
        newest = "select public_key from collector_keys where tenant_id = :tenant order by id desc limit 1"
        with records.session(self.house, Role.OWNER) as session:
            return session.execute(text(newest), {"tenant": self.tenant}).scalar_one()

    def _made(self, place: str, body: Mapping[str, Any]) -> int:
        return self.writer.post(place, json=body).raise_for_status().json()["id"]

    def _row(self, statement: str, **values: Any) -> int:
        given = {"tenant": self.tenant, "mark": self.mark, "unique": uuid.uuid4().hex, **values}
        with records.session(self.house, Role.OWNER) as session:
            return session.execute(text(statement), given).scalars().all()[0]


def digest(house: Settings, tenant: TenantId) -> dict[str, str]:
    """Everything that a tenant has, a hash for each table; its people's accounts and log-ins too."""
    whole = "select md5(coalesce(string_agg(r::text, chr(10) order by r::text), '')) from ({}) r"
    theirs = "select user_id from memberships where tenant_id = :tenant"
    sources = {name: f'select * from "{name}" where tenant_id = :tenant' for name in _TABLES} | {
        "tenants": "select * from tenants where id = :tenant",
        "users": f"select * from users where id in ({theirs})",
        # When somebody was last seen changes with everything they do.
        "log_ins": f"select id_hash, active_tenant from log_ins where user_id in ({theirs})",
    }
    with records.session(house, Role.OWNER) as session:
        return {
            name: session.execute(text(whole.format(source)), {"tenant": tenant}).scalar_one()
            for name, source in sources.items()
        }


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return [name for name in before if before[name] != after[name]]
