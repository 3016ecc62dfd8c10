"""Normalising 200,000 events: all that `normalised` says of them, beside polars reading the same columns only.

python -m bench.enrichment

The limit reads every text column once and splits the urls' queries into their parameters; whatever says more about an
event cannot take less. Cold is a fresh process's first batches, with the parsers to build and nothing remembered.
"""

import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import polars as pl

from marketing_pipelines.events.normalising import TEXTS, normalised

EVENTS = 200_000
BATCH = 50_000
USER_AGENTS = 3_000
PAGES = 2_000
ROUNDS = 3
START = datetime(2026, 11, 20, tzinfo=UTC)
TYPES = {
    **dict.fromkeys(("event", *TEXTS), pl.String),
    "signals": pl.List(pl.String),
    "occurred_at": pl.Datetime("ms", "UTC"),
}

CRAWLERS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "curl/8.5.0",
    "",
)
OUTSIDE = (
    "https://www.google.com/",
    "https://www.google.co.uk/",
    "https://www.bing.com/",
    "https://duckduckgo.com/",
    "https://l.facebook.com/",
    "https://l.instagram.com/",
    "https://t.co/",
    "https://www.linkedin.com/",
    "https://chatgpt.com/",
    "https://news.ycombinator.com/",
    "android-app://com.google.android.gm/",
)


def user_agents(dice: random.Random) -> list[str]:
    """Browsers in the many versions in which they come, and some programs."""
    agents = [*CRAWLERS]
    while len(agents) < USER_AGENTS:
        version, build = dice.randrange(90, 150), dice.randrange(100, 7000)
        agents.append(
            dice.choice(
                (
                    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                    f"Chrome/{version}.0.{build}.{build % 250} Safari/537.36",
                    f"Mozilla/5.0 (Linux; Android {version % 8 + 8}; SM-G{build}) AppleWebKit/537.36 "
                    f"(KHTML, like Gecko) Chrome/{version}.0.0.0 Mobile Safari/537.36",
                    f"Mozilla/5.0 (iPhone; CPU iPhone OS {version % 6 + 13}_{build % 7} like Mac OS X) "
                    f"AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{version % 6 + 13}.{build % 7} "
                    f"Mobile/15E{build} Safari/604.1",
                    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
                    f"Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/{build}.0.0.37.103;FBBV/{build};FBDV/iPhone15,3]",
                )
            )
        )
    return agents


def event(number: int, dice: random.Random, agents: list[str]) -> dict[str, object]:
    """One event: nearly a third come from nowhere, as many walk about the site, the rest come from outside."""
    page = f"https://www.shop{number % 5}.example/p/{min(int(dice.paretovariate(0.9)), PAGES)}"
    came = dice.random()
    url, referrer = page, ""
    if came > 0.7:
        referrer = f"https://www.shop{number % 5}.example/p/{dice.randrange(PAGES)}"
    elif came > 0.3:
        referrer = dice.choice(OUTSIDE)
        if came > 0.55:
            url = f"{page}?fbclid=IwAR{dice.getrandbits(160):x}"
        elif came > 0.4:
            url = (
                f"{page}?utm_source=google&utm_medium=cpc&utm_campaign=Spring%20Sale+{number % 40}&utm_content="
                f"{dice.randrange(300)}&gad_source=1&gclid=Cj0K{dice.getrandbits(200):x}&color=red"
            )
    return {
        "event": "page_view",
        "url": url,
        "referrer": referrer,
        **dict.fromkeys(name for name in TEXTS if name.startswith("utm_")),
        "user_agent": agents[min(int(dice.paretovariate(0.7)) - 1, USER_AGENTS - 1)]
        if dice.random() < 0.7
        else dice.choice(agents),
        "signals": ["burst"] if number % 100 == 0 else [],
        "occurred_at": START + timedelta(milliseconds=number * 10),
        "trust": "browser",
    }


def limit(events: pl.DataFrame) -> pl.DataFrame:
    return events.select(
        pl.col("url").str.splitn("?", 2).struct[1].str.split("&").alias("parameters"),
        *(pl.col(name).str.len_bytes() for name in TEXTS),
    )


def seconds(read: Callable[[pl.DataFrame], pl.DataFrame], batches: list[pl.DataFrame]) -> float:
    start = time.perf_counter()
    rows = sum(read(batch).height for batch in batches)
    assert rows == EVENTS
    return time.perf_counter() - start


def main() -> None:
    dice = random.Random(7)
    agents = user_agents(dice)
    events = pl.DataFrame([event(number, dice, agents) for number in range(EVENTS)], schema=TYPES)
    batches = [events.slice(start, BATCH) for start in range(0, EVENTS, BATCH)]
    kinds = events["url"].n_unique(), events["user_agent"].n_unique(), events["referrer"].n_unique()
    print("{:,} events: {:,} distinct urls, {:,} user agents, {:,} referrers".format(EVENTS, *kinds))

    limit(events.head(1000))
    cold_s = seconds(normalised, batches)
    # Side by side in each round, so that a busy machine slows both.
    rounds = [(seconds(normalised, batches), seconds(limit, batches)) for _ in range(ROUNDS)]
    warm_s, limit_s = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = statistics.median(mine / least for mine, least in rounds)
    print(f"{'':<24}{'seconds':>10}{'events/s':>12}{'of limit':>10}")
    for name, took in (("normalised, cold", cold_s), ("normalised, warm", warm_s), ("limit", limit_s)):
        print(f"{name:<24}{took:>10.2f}{EVENTS / took:>12,.0f}{took / limit_s:>9.1f}×")
    print(f"ratio of time, warm: {ratio:.1f} (1 would be the limit)")


if __name__ == "__main__":
    main()
