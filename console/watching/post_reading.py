"""What the figures of posts say in a sentence: which one people answered far more often than the usual one."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from marketing_pipelines.analytics.posts import Post

# With fewer, none of them is usual; seen less often, a rate is chance.
FEWEST_POSTS = 5
FEWEST_SEEN = 100


@dataclass(frozen=True, slots=True)
class Best:
    """`usual` is the median of all that were seen often enough, this one among them."""

    post: Post
    rate: float
    usual: float
    of: int


def best(posts: Sequence[Post]) -> Best | None:
    """The post with the highest share of answers, where there are enough to compare it with."""
    rated = [
        (post.answer_rate, post)
        for post in posts
        if post.answer_rate is not None and (post.total.seen or 0) >= FEWEST_SEEN
    ]
    if len(rated) < FEWEST_POSTS:
        return None
    rate, post = max(rated, key=lambda it: (it[0], it[1].created_at))
    return Best(post, rate, median(rate for rate, _ in rated), len(rated))
