"""Changes of short links: where one leads, or that it has ended."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, model_validator

from connectors.errors import Invalid
from marketing_pipelines.outbound.carriers import Carriers
from marketing_pipelines.outbound.kinds.face import (
    TARGET,
    Audience,
    Kind,
    Link,
    NotReady,
    Payload,
    Read,
    Sketch,
    Surroundings,
    leaf,
)
from marketing_pipelines.outbound.sending import Sending
from store import records
from store.records import links
from store.records.actions import Action, Channel, Purpose
from store.records.database import Session
from store.records.delivery_chunks import Claim
from store.records.links import NoSuchLink
from store.settings import Role


class LinkChangePayload(Payload):
    """What is not named stays as it is."""

    slug: Annotated[str, Field(min_length=1, max_length=64)]
    target_url: Link | None = None
    fallback_url: Link | None = None
    archived: bool | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "LinkChangePayload":
        if (self.target_url, self.fallback_url, self.archived) == (None, None, None):
            raise ValueError("give target_url, fallback_url or archived")
        return self


class LinkChange(Kind[LinkChangePayload]):
    payload = LinkChangePayload
    main_field = "slug"
    named_by = "slug"

    def headline(self, payload: Mapping[str, Any]) -> str:
        return f"Change of the short link /{super().headline(payload)}"

    def channel(self, payload: LinkChangePayload) -> Channel:
        del payload
        return Channel.LINKS

    def content(self, payload: LinkChangePayload, purpose: Purpose) -> dict[str, Any]:
        del purpose
        return payload.model_dump(mode="json", exclude_none=True)

    def connection(self, around: Surroundings, payload: LinkChangePayload) -> str:
        del around, payload
        return "our own links"

    def audience(self, session: Session, action: Action, payload: LinkChangePayload) -> Audience:
        """The link as it is now: whoever signs sees from where to where it is led."""
        try:
            link = links.found(session, action.tenant_id, payload.slug)
        except NoSuchLink as unknown:
            raise NotReady("slug", str(unknown)) from None
        return Audience([leaf(TARGET, {"target": f"/{link.slug}", "leads_to": link.target_url})])

    def sketch(self, session: Session, action: Action, payload: LinkChangePayload) -> Sketch:
        del session, action
        return Sketch([f"/{payload.slug}"], 1)

    def read(self, manifest: Mapping[str, Any], values: Mapping[str, Any]) -> Read:
        change = manifest["template"]
        facts = {
            "Leads now to": values.get("leads_to", ""),
            "Will lead to": change.get("target_url", ""),
            "Will fall back on": change.get("fallback_url", ""),
            "Will be": {True: "ended", False: "back"}.get(change.get("archived"), ""),
        }
        text = "\n".join(f"{name}: {value}" for name, value in facts.items() if value)
        leads = [change[name] for name in ("target_url", "fallback_url") if name in change]
        return Read(self.headline(change), text, links=leads)

    def hand_over(self, sending: Sending, claim: Claim, carriers: Carriers) -> str:
        """One transaction: done, or not begun."""
        del carriers
        change = sending.approved.manifest["template"]
        with records.session(sending.settings, Role.PIPELINES) as session:
            try:
                link = links.found(session, sending.tenant, change["slug"])
            except NoSuchLink as gone:
                raise Invalid(what=str(gone), where="our own links", field="slug") from None
            if link.target_url != claim.values["leads_to"]:
                what = "leads elsewhere by now than when this was signed"
                raise Invalid(what=what, where=f"/{link.slug}", field="slug")
            links.change(session, sending.actor, link, change)
        return "changed"

    def rehearse(self, sending: Sending, claim: Claim) -> str:
        return self.read(sending.approved.manifest, claim.values).text
