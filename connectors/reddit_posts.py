"""Reddit's posts: a title alone with a link, or a title with words below it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from connectors import reddit_markdown
from connectors.answers import decoded, shaped
from connectors.errors import ChannelError, Invalid, UnknownOutcome
from connectors.publishing import Network, Post, PostLimits, Published
from connectors.reddit_api import WHERE, RedditApi
from connectors.reddit_refusals import refused_submission
from connectors.reddit_site import POST, Posted, RedditSite, address_of, place_named

LIMITS = PostLimits(longest_text=40_000, takes_image=False)

_LONGEST_TITLE = 300
_LONGEST_LINK = 2000
_CUT = "…"


class _Submitted(msgspec.Struct):
    name: str = ""


class _Json(msgspec.Struct):
    errors: list[list[Any]] = []
    data: _Submitted | None = None
    ratelimit: float | None = None


class _Answer(msgspec.Struct):
    json: _Json


@dataclass(frozen=True, slots=True)
class Submission:
    """A post as Reddit takes it: the first line is its title, and what follows stands below, in Markdown.

    A first line that is too long for a title is cut there, and stands below in full.
    """

    title: str
    body: str
    link: str

    @classmethod
    def of(cls, post: Post) -> "Submission":
        if post.image:
            raise Invalid(what="takes no pictures here", where=WHERE, field="image")
        if post.link and (
            not post.link.startswith(("https://", "http://")) or len(post.link) > _LONGEST_LINK
        ):
            what = f"is no web address of up to {_LONGEST_LINK} characters"
            raise Invalid(what=what, where=WHERE, field="link")
        if len(post.text) > LIMITS.longest_text:
            raise Invalid(what=f"is longer than {LIMITS.longest_text} characters", where=WHERE, field="text")
        title, words = _title_and_words(post.text)
        if not words:
            return cls(title, "", post.link)
        if post.link and post.link not in words:
            words = f"{words}\n\n{post.link}"
        body = reddit_markdown.escaped(words)
        if len(body) > LIMITS.longest_text:
            what = f"is longer than {LIMITS.longest_text} characters with what Markdown has to be told"
            raise Invalid(what=what, where=WHERE, field="text")
        return cls(title, body, "")

    def form(self, place: str) -> dict[str, str]:
        """What was signed goes out though the link was posted there before: Reddit would refuse it otherwise."""
        told = {"api_type": "json", "raw_json": "1", "sr": place, "title": self.title, "resubmit": "true"}
        if self.link:
            return {**told, "kind": "link", "url": self.link}
        return {**told, "kind": "self", "text": self.body}

    def is_what(self, posted: Posted) -> bool:
        """By words alone, whatever became of the white space between them."""
        if posted.title.split() != self.title.split() or posted.is_self == bool(self.link):
            return False
        if self.link:
            return posted.url.rstrip("/") == self.link.rstrip("/")
        return posted.selftext.split() == self.body.split()


class RedditPosts:
    """One person's word in the communities that they have joined."""

    def __init__(self, api: RedditApi, site: RedditSite) -> None:
        self._api, self._site = api, site

    def publish(self, place: str, network: Network, post: Post) -> Published:
        submission = Submission.of(post)
        form = submission.form(place_named(place, network))
        return _published(self._submitted(form))

    def published_since(self, place: str, network: Network, post: Post, since: datetime) -> Published | None:
        wanted = Submission.of(post)
        for posted, _ in self._site.posted_since(place_named(place, network), since):
            if wanted.is_what(posted):
                return _published(posted.name)
        return None

    def _submitted(self, form: dict[str, str]) -> str:
        """That it was refused is said in the body of an answer of 200."""
        answer = self._api.post("api/submit", form)
        try:
            said = shaped(decoded(answer, where=WHERE), _Answer, where=WHERE).json
        except ChannelError as unclear:
            raise UnknownOutcome(what=unclear.what, where=WHERE) from unclear
        if said.errors:
            raise refused_submission(said.errors, said.ratelimit, where=WHERE)
        if said.data is None or not POST.fullmatch(said.data.name):
            raise UnknownOutcome(what="published, but its id was not told", where=WHERE)
        return said.data.name


def words_of(posted: Posted) -> str:
    """What readers see of a post, as whoever wrote it wrote it."""
    body = reddit_markdown.plain(posted.selftext)
    if posted.title.endswith(_CUT) and body.lstrip().startswith(posted.title.removesuffix(_CUT)):
        return body
    return f"{posted.title}\n\n{body}" if body else posted.title


def _title_and_words(text: str) -> tuple[str, str]:
    first, _, rest = text.lstrip().partition("\n")
    title = first.strip()
    if not title:
        raise Invalid(what="a post on Reddit begins with its title", where=WHERE, field="text")
    if len(title) <= _LONGEST_TITLE:
        return title, rest.strip("\r\n") if rest.strip() else ""
    return f"{title[: _LONGEST_TITLE - 1].rstrip()}{_CUT}", text


def _published(post: str) -> Published:
    return Published(id=post, url=address_of(post))
