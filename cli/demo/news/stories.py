"""Stories: what happens in an hour, and which outlets tell it when: first one, then many at once, then a tail; most never spread."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

from cli.demo.news import names, plots
from cli.demo.news.chance import dice
from cli.demo.news.outlets import DAY, HOUR, OUTLETS, WEEK, Language, Outlet, Topic, is_week_end
from cli.demo.news.plots import Plot

LONGEST_LIFE = 72
"""Hours after which nobody tells a story any more."""
_BIG_EVERY = 80
"""Hours from one story that everybody tells to the next."""
_WAKE_AFTER = 26
"""Hours after which some tell a big story once more."""
_STORIES_A_DAY = 14
_RIPENS_IN = (1.5, 4, 8, 28)
"""Hours after which most of those who tell a story do: some go round within a morning, some are slow to be heard of."""
_SHARES_SOURCE = 0.2
"""So many stories have a source of their own, a press release, to which half of the outlets link."""
_ELSEWHERE = 0.25
_FAIR_LASTS = 4
# Weeks are counted from Thursdays: these are Tuesday and Wednesday.
_FAIR_DAYS = (5, 6)
_FAIRS = ("Fabric Days", "Hem & Seam", "Stoffmesse", "Yarn Weekend", "Open Looms")
_SEEN_AT = {Language.ENGLISH: "Seen at {} in {}.", Language.GERMAN: "Gesehen auf {} in {}."}
_BUSY_HOURS = range(5, 19)


@dataclass(frozen=True, slots=True)
class Telling:
    """One outlet tells a story, in its own words: those with this number."""

    outlet: Outlet
    second: int
    wording: int
    again: bool = False


@dataclass(frozen=True, slots=True)
class Fair:
    topic: Topic
    name: str
    place: str
    hours: range


@dataclass(frozen=True, slots=True)
class Story:
    id: str
    plot: Plot
    facts: dict[str, str]
    tellings: tuple[Telling, ...]
    source: str = ""
    fair: Fair | None = None

    def title(self, language: Language, number: int) -> str:
        titles = self.plot.worded[language].titles
        return _sentence(titles[number % len(titles)].format(**self._facts_in(language)))

    def summary(self, language: Language, number: int) -> str:
        summaries = self.plot.worded[language].summaries
        summary = _sentence(summaries[number % len(summaries)].format(**self._facts_in(language)))
        if self.fair is None:
            return summary
        return f"{summary} {_SEEN_AT[language].format(self.fair.name, self.fair.place)}"

    def _facts_in(self, language: Language) -> dict[str, str]:
        english, _, german = self.facts["thing"].partition("/")
        separator = "." if language is Language.GERMAN else ","
        figure = f"{int(self.facts['figure']):,}".replace(",", separator)
        return self.facts | {"thing": german if language is Language.GERMAN else english, "figure": figure}


@lru_cache(maxsize=2048)
def born_in(hour: int) -> tuple[Story, ...]:
    """The stories that begin within an hour and may spread."""
    return (*_ordinary(hour), *_big(hour), *_at_the_fair(hour))


def note(outlet: Outlet, hour: int, number: int) -> Story:
    """What only this outlet writes about."""
    chance = dice("note", outlet.slug, hour, number)
    topic = outlet.topic if chance.random() > _ELSEWHERE else chance.choice(list(Topic))
    telling = Telling(outlet, hour * HOUR + chance.randrange(HOUR), chance.randrange(1000))
    plot = chance.choice(plots.PLOTS[topic])
    return Story(f"{outlet.slug}-{hour}-{number}", plot, _facts(chance, plot), (telling,))


def fair(week: int) -> Fair:
    """The week's fair: for a few hours a topic has many times its usual stories."""
    chance = dice("fair", week)
    begins = week * WEEK + chance.choice(_FAIR_DAYS) * DAY + chance.randrange(9, 13)
    topic = list(Topic)[week % len(Topic)]
    return Fair(topic, chance.choice(_FAIRS), names.place(chance), range(begins, begins + _FAIR_LASTS))


def _ordinary(hour: int) -> Iterator[Story]:
    chance = dice("ordinary", hour)
    quiet = 0.3 if is_week_end(hour) else 1.0
    if hour % DAY in _BUSY_HOURS and chance.random() < quiet * _STORIES_A_DAY / len(_BUSY_HOURS):
        topic = chance.choice(list(Topic))
        plot = chance.choice(plots.PLOTS[topic])
        # Few stories go far.
        appeal = 0.2 + 0.9 * chance.random() ** 1.5
        tellers = [outlet for outlet in OUTLETS if chance.random() < appeal * _interest(outlet, topic)]
        chance.shuffle(tellers)
        begun = hour * HOUR + chance.randrange(HOUR)
        tellings = _spreading(chance, tellers, begun, chance.choice(_RIPENS_IN) * HOUR)
        yield _story(chance, f"story-{hour}", plot, tellings)


def _big(hour: int) -> Iterator[Story]:
    """Now and then there is one that almost everybody tells within hours, and some a day later once more."""
    number = hour // _BIG_EVERY
    chance = dice("big", number)
    if hour != number * _BIG_EVERY + chance.randrange(DAY):
        return
    plot = chance.choice(plots.BIG)
    tellers = [outlet for outlet in OUTLETS if not outlet.copies and chance.random() < 0.9]
    chance.shuffle(tellers)
    begun = hour * HOUR + chance.randrange(HOUR)
    first = list(_spreading(chance, tellers, begun, 3 * HOUR))
    later = [teller for teller in tellers if chance.random() < 0.4]
    wake = _spreading(chance, later, begun + _WAKE_AFTER * HOUR, 6 * HOUR, again=True)
    yield _story(chance, f"big-{number}", plot, [*first, *wake])


def _at_the_fair(hour: int) -> Iterator[Story]:
    here = fair(hour // WEEK)
    if hour not in here.hours:
        return
    chance = dice("at the fair", hour)
    at_home = [outlet for outlet in OUTLETS if outlet.topic is here.topic and not outlet.copies]
    usual = sum(outlet.notes_a_day for outlet in at_home) / DAY
    for number in range(14 + round(6 * usual)):
        tellers = [outlet for outlet in at_home if chance.random() < 0.6] or [chance.choice(at_home)]
        tellings = _spreading(chance, tellers, hour * HOUR + chance.randrange(HOUR), HOUR / 2)
        story = _story(chance, f"fair-{hour}-{number}", chance.choice(plots.PLOTS[here.topic]), tellings)
        yield replace(story, fair=here)


def _spreading(
    chance: Random, tellers: list[Outlet], begun: int, ripens: float, *, again: bool = False
) -> Iterator[Telling]:
    """The first tells it at once; most of the others when it has ripened, each when its desk is open."""
    ends = begun + LONGEST_LIFE * HOUR
    wording = chance.randrange(1000)
    for number, outlet in enumerate(tellers):
        delay = 0.0 if number == 0 else ripens * chance.gammavariate(3, 1 / 3)
        second = outlet.next_open(begun + int(delay))
        if second < ends:
            yield Telling(outlet, second, wording + number, again)


def _story(chance: Random, name: str, plot: Plot, tellings: Iterable[Telling]) -> Story:
    source = f"https://press.example/{name}" if chance.random() < _SHARES_SOURCE else ""
    return Story(name, plot, _facts(chance, plot), tuple(tellings), source)


def _facts(chance: Random, plot: Plot) -> dict[str, str]:
    return {
        "company": names.company(chance),
        "rival": names.company(chance),
        "place": names.place(chance),
        "person": names.person(chance),
        "thing": chance.choice(plot.things),
        "figure": str(chance.choice(plot.figures)),
    }


def _interest(outlet: Outlet, topic: Topic) -> float:
    # Who writes about the trade writes about all of it.
    at_home = outlet.topic in {topic, Topic.TRADE}
    return outlet.curiosity * (1.0 if at_home else _ELSEWHERE)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
