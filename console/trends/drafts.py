"""Drafts out of a digest: a campaign, a post or a mail about one of its stories, and the digest itself as a brief.

Each is a campaign or an action like any other, with its story or digest as provenance: nothing is sent before it is signed.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from console.actions import desk
from console.actions.desk import LONGEST_TITLE, Wanted
from console.campaigns import campaign_desk
from console.door.problems import nothing_here
from console.door.sign_in import Visitor
from console.trends import digest_reading
from console.trends.digest_reading import Digest, Story
from marketing_pipelines.outbound.kinds.social_post import Network
from marketing_pipelines.trends import brief
from marketing_pipelines.trends.brief import Brief
from store.records.actions import Action, ActionType, Source
from store.records.campaigns import Campaign
from store.records.schedules import Schedule


class Form(StrEnum):
    """What people make of a story, or of a digest; a campaign is made of a story."""

    CAMPAIGN = "campaign"
    POST = "post"
    MAIL = "mail"
    CHAT = "chat"


def draft(visitor: Visitor, digest: Digest, form: Form, story_id: str = "") -> Action:
    """The action that somebody goes on writing; of the whole digest where no story of it is named."""
    story = _story(digest, story_id) if story_id else None
    told = Brief(digest.day, digest.topic, [digest_reading.item(story)]) if story else digest.brief
    title = story.title if story else told.heading
    origin = _as_origin_of(story) if story else _as_origin(digest)
    type, payload = _WRITTEN[form](visitor, told, title)
    return desk.create(
        visitor,
        Wanted(
            type=type,
            payload=dict(payload),
            title=title[:LONGEST_TITLE],
            purpose=None,
            source=Source.PERSON,
            campaign=None,
            schedule=Schedule(zone=visitor.time_zone),
            budget_cap=None,
            provenance=[origin],
            standing=None,
            dry_run=False,
        ),
    )


def plan(visitor: Visitor, digest: Digest, story_id: str) -> Campaign:
    """A campaign about a story, which somebody goes on planning."""
    story = _story(digest, story_id)
    wanted = campaign_desk.Wanted(
        name=_on_one_line(story.title)[:LONGEST_TITLE],
        objective=story.because,
        utm_campaign="",
        project=None,
        start=None,
        end=None,
        provenance=[_as_origin_of(story)],
    )
    return campaign_desk.create(visitor, wanted).campaign


def _on_one_line(title: str) -> str:
    return " ".join(title.split())


def _story(digest: Digest, story_id: str) -> Story:
    found = next((story for story in digest.stories if story.story_id == story_id), None)
    if found is None:
        raise nothing_here()
    return found


def _as_origin_of(story: Story) -> dict[str, str]:
    return {"kind": "story", "id": story.story_id}


def _as_origin(digest: Digest) -> dict[str, str]:
    return {"kind": "digest", "id": f"{digest.day}/{digest.topic}" if digest.topic else str(digest.day)}


def _post(visitor: Visitor, told: Brief, title: str) -> tuple[ActionType, Mapping[str, Any]]:
    """On the network that takes text alone; its words are for people to write, so that a headline is all there is."""
    del visitor
    link = next((item.link for item in told.items if item.link.startswith("https://")), None)
    return ActionType.SOCIAL_POST, {
        "network": Network.LINKEDIN,
        "text": title,
        **({"link": link} if link else {}),
    }


def _mail(visitor: Visitor, told: Brief, title: str) -> tuple[ActionType, Mapping[str, Any]]:
    """To whoever drafts it, until they say to whom else."""
    return ActionType.EMAIL, {
        "recipient": visitor.email,
        "subject": title[:LONGEST_TITLE],
        "body": brief.markdown(told),
        "html": brief.html(told),
    }


def _chat(visitor: Visitor, told: Brief, title: str) -> tuple[ActionType, Mapping[str, Any]]:
    del visitor, title
    return ActionType.CHAT_MESSAGE, {"text": brief.chat(told)}


_WRITTEN: Mapping[Form, Callable[[Visitor, Brief, str], tuple[ActionType, Mapping[str, Any]]]] = {
    Form.POST: _post,
    Form.MAIL: _mail,
    Form.CHAT: _chat,
}
