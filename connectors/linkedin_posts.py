"""LinkedIn's posts in the name of organisations."""

from datetime import datetime
from typing import Any

from connectors import little_text
from connectors.answers import Answer
from connectors.errors import Invalid, UnknownOutcome
from connectors.face import Wire
from connectors.linkedin_api import WHERE, LinkedInApi
from connectors.linkedin_organizations import POST, Organizations, address_of, author_of
from connectors.linkedin_pictures import LinkedInPictures
from connectors.publishing import Network, Post, PostLimits, Published

LIMITS = PostLimits(longest_text=3000)

_LONGEST_LINK = 2000
_LONGEST_TITLE = 200


class LinkedInPosts:
    """One connection's word for its organisations."""

    def __init__(self, api: LinkedInApi, organizations: Organizations, wire: Wire) -> None:
        self._api = api
        self._organizations = organizations
        self._pictures = LinkedInPictures(api, wire)

    def publish(self, place: str, network: Network, post: Post) -> Published:
        author = author_of(place, network)
        words = _words(post)
        body: dict[str, Any] = {
            "author": author,
            "commentary": little_text.escaped(words),
            "visibility": "PUBLIC",
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": False,
        }
        if post.image:
            body["content"] = {"media": {"id": self._pictures.bring(post.image, author)}}
        elif post.link:
            body["content"] = {"article": {"source": post.link, "title": _title(words)}}
        return _published(_id_made(self._api.make("posts", body)))

    def published_since(self, place: str, network: Network, post: Post, since: datetime) -> Published | None:
        """By words alone, whatever became of the white space between them."""
        wanted = _words(post).split()
        for page in self._organizations.posted_since(author_of(place, network), since):
            for posted, _ in page:
                if wanted in (little_text.plain(posted.commentary).split(), posted.commentary.split()):
                    return _published(posted.id)
        return None


def _words(post: Post) -> str:
    """What readers see: a picture has no room for a link, which then follows the text."""
    if not post.text.strip():
        raise Invalid(what="a post on LinkedIn says something", where=WHERE, field="text")
    if post.link and (not post.link.startswith(("https://", "http://")) or len(post.link) > _LONGEST_LINK):
        raise Invalid(
            what=f"is no web address of up to {_LONGEST_LINK} characters", where=WHERE, field="link"
        )
    words = post.text
    if post.image and post.link and post.link not in words:
        words = f"{words}\n\n{post.link}"
    if _length(words) > LIMITS.longest_text:
        raise Invalid(what=f"is longer than {LIMITS.longest_text} characters", where=WHERE, field="text")
    return words


def _length(words: str) -> int:
    """In units of UTF-16, where most emoji count twice: no other way of counting finds more."""
    try:
        return len(words.encode("utf-16-le")) // 2
    except UnicodeEncodeError:
        raise Invalid(what="holds half a character", where=WHERE, field="text") from None


def _title(words: str) -> str:
    """A card of a link has a title of its own: the first line of the post."""
    first = words.strip().splitlines()[0]
    return first if len(first) <= _LONGEST_TITLE else f"{first[: _LONGEST_TITLE - 1]}…"


def _published(urn: str) -> Published:
    return Published(id=urn, url=address_of(urn))


def _id_made(answer: Answer) -> str:
    urn = answer.headers.get("x-restli-id", "")
    if not POST.fullmatch(urn):
        raise UnknownOutcome(what="published, but its URN was not told", where=WHERE)
    return urn
