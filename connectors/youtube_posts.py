"""Videos published on YouTube, and looked for there."""

from datetime import datetime

from connectors import video_files
from connectors.errors import Invalid
from connectors.face import Wire
from connectors.publishing import Network, Post, PostLimits, Published
from connectors.youtube_api import WHERE, Said, YouTubeApi
from connectors.youtube_channels import Channels, address_of
from connectors.youtube_uploads import Uploads

_LONGEST_DESCRIPTION = 5_000
_LONGEST_TITLE = 100
_LONGEST_TAGS = 500
_LONGEST_LINK = 2_000
# "People & Blogs", which YouTube takes where nothing is said.
_CATEGORY = "22"


def in_bytes(words: str) -> int:
    return len(words.encode(errors="surrogatepass"))


LIMITS = PostLimits(
    longest_text=_LONGEST_DESCRIPTION,
    length=in_bytes,
    unit="bytes",
    longest_title=_LONGEST_TITLE,
    needs_image=True,
    shows_video=True,
    needs_declared=True,
    refused="<>",
)


class Posts:
    """One connection's word for its channel."""

    def __init__(self, api: YouTubeApi, channels: Channels, wire: Wire) -> None:
        self._channels, self._wire = channels, wire
        self._uploads = Uploads(api, wire.patience)

    def publish(self, place: str, network: Network, post: Post) -> Published:
        told = _told(post)
        self._channels.require_ours(place, network)
        with video_files.fetched(self._wire, post.image) as video:
            made = self._uploads.bring(told, video)
        return Published(id=made, url=address_of(made))

    def published_since(self, place: str, network: Network, post: Post, since: datetime) -> Published | None:
        """By title and description, whatever became of the white space in them."""
        snippet = _told(post)["snippet"]
        wanted = _bare(snippet["title"], snippet["description"])
        for page in self._channels.uploaded_since(place, network, since):
            for video in (each.video for each in page):
                if _bare(video.snippet.title, video.snippet.description) == wanted:
                    return Published(id=video.id, url=address_of(video.id))
        return None


def title_of(post: Post) -> str:
    """Where none is given, the first line of the words."""
    if given := post.title.strip():
        return given
    first = post.text.strip().splitlines()[0].strip()
    return first if len(first) <= _LONGEST_TITLE else f"{first[: _LONGEST_TITLE - 1]}…"


def _told(post: Post) -> Said:
    if not post.text.strip():
        raise _wrong("text", "a video on YouTube says what it is about")
    if post.link and (not post.link.startswith(("https://", "http://")) or len(post.link) > _LONGEST_LINK):
        raise _wrong("link", f"is no web address of up to {_LONGEST_LINK} characters")
    if post.declared is None:
        what = "whether it is made for kids, and whether it shows what was altered or made up, has to be said"
        raise _wrong("declared", what)
    if not post.image:
        raise _wrong("image", "the address of a video is needed")
    description = post.text
    if post.link and post.link not in description:
        description = f"{description}\n\n{post.link}"
    title = title_of(post)
    for name, words in {"text": description, "title": title, "tags": "".join(post.tags)}.items():
        _require_words(name, words)
    if in_bytes(description) > LIMITS.longest_text:
        raise _wrong("text", f"is longer than {LIMITS.longest_text} bytes")
    if len(title) > _LONGEST_TITLE or len(title.splitlines()) > 1:
        raise _wrong("title", f"is no line of up to {_LONGEST_TITLE} characters")
    _require_tags(post.tags)
    return {
        "snippet": {
            "title": title,
            "description": description,
            "tags": list(post.tags),
            "categoryId": _CATEGORY,
        },
        "status": {
            "privacyStatus": post.visibility.value,
            "selfDeclaredMadeForKids": post.declared.is_made_for_kids,
            "containsSyntheticMedia": post.declared.is_synthetic,
        },
    }


def _require_words(field: str, words: str) -> None:
    if any(letter in LIMITS.refused for letter in words):
        raise _wrong(field, "YouTube takes neither < nor >")
    if any("\ud800" <= letter <= "\udfff" for letter in words):
        raise _wrong(field, "holds half a character")


def _require_tags(tags: tuple[str, ...]) -> None:
    """YouTube counts them as one line with commas, in which a tag of several words stands in quotes."""
    if any(not tag.strip() or "," in tag or "\n" in tag for tag in tags):
        raise _wrong("tags", "a tag is a word or some, without a comma")
    length = sum(len(tag) + 2 * (" " in tag) for tag in tags) + max(0, len(tags) - 1)
    if length > _LONGEST_TAGS:
        raise _wrong("tags", f"have {length} characters, of {_LONGEST_TAGS} at most")


def _bare(title: str, description: str) -> tuple[list[str], list[str]]:
    return title.split(), description.split()


def _wrong(field: str, what: str) -> Invalid:
    return Invalid(what=what, where=WHERE, field=field)
