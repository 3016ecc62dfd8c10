"""The list of actions: what is filtered, how it goes on, and that it stays quick."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import event, text

from store import records
from store.records.database import engine
from store.records.people import MemberRole
from store.settings import Role, Settings
from tests.console.visitors import Forms, Person, mail, submitted, written
from tests.console.writing import many


class Counted:
    """How many statements the console sends meanwhile."""

    def __init__(self, house: Settings) -> None:
        self._engine = engine(house, Role.CONSOLE)
        self.count = 0

    def __enter__(self) -> "Counted":
        event.listen(self._engine, "before_cursor_execute", self._one_more)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._one_more)

    def _one_more(self, *_: object) -> None:
        self.count += 1


def test_it_says_what_will_be_there_and_how_to_begin(people: dict[MemberRole, Person]) -> None:
    page = people[MemberRole.MARKETER].forms().get("/actions").text
    assert "No actions yet" in page
    assert 'href="/actions/new"' in page
    assert 'href="/actions/new"' not in people[MemberRole.VIEWER].forms().get("/actions").text


def test_each_filter_shows_what_fits_and_a_chip_that_takes_it_away(
    people: dict[MemberRole, Person],
) -> None:
    marketer, admin = people[MemberRole.MARKETER], people[MemberRole.ADMIN]
    with marketer.api() as api:
        campaign = api.post("/campaigns", json={"name": "Spring"}).json()["id"]
        api.post("/actions", json=mail(subject="Apples") | {"campaign_id": campaign}).raise_for_status()
        chat = {"type": "chat_message", "payload": {"text": "Pears"}, "source": "agent"}
        api.post("/actions", json=chat).raise_for_status()
        due = mail(subject="Cherries") | {"due_at": "2031-05-05T10:00:00+00:00"}
        api.post("/actions", json=due).raise_for_status()
    submitted(admin, subject="Plums")
    names = {"Apples", "Pears", "Cherries", "Plums"}
    forms = marketer.forms()
    for query, left in (
        ("", names),
        ("state=pending_approval", {"Plums"}),
        ("type=chat_message", {"Pears"}),
        (f"campaign={campaign}", {"Apples"}),
        ("author=mine", names - {"Plums"}),
        ("source=agent", {"Pears"}),
        ("text=cHERR", {"Cherries"}),
        ("text=%25", set()),
        ("due=2031-05-05", {"Cherries"}),
        ("due=2031-05-06", set()),
        ("type=email&text=les&state=", {"Apples"}),
    ):
        page = forms.get(f"/actions?{query}").text
        assert {name for name in names if f">{name}</a>" in page} == left, query
        assert ("take away" in page) == bool(query), query
        assert ("Nothing fits" in page) == (not left), query
    assert 'Draft <span class="tally">3</span>' in forms.get("/actions").text
    assert 'All <span class="tally">1</span>' in forms.get("/actions?type=chat_message").text


def test_it_goes_on_under_the_same_filter(house: Settings, marketer: Person) -> None:
    many(house, marketer, 27)
    forms = marketer.forms()
    first = forms.get("/actions?author=mine&text=Mail").text
    assert first.count('scope="row"') == 25
    onward = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "author=mine" in onward
    assert "text=Mail" in onward
    rest = forms.get(onward).text
    assert rest.count('scope="row"') == 2
    assert ">Mail 1</a>" in rest


@pytest.mark.parametrize(
    "query",
    [
        "state=gone",
        "type=letter",
        "campaign=0",
        "campaign=9223372036854775808",
        "campaign=x",
        "author=7",
        "due=tomorrow",
        "due=1500-01-01",
        "due=9999-12-31",
        "text=%00",
        f"text={'x' * 201}",
        "cursor=-1",
    ],
)
def test_what_cannot_be_filtered_by_is_nothing_here(marketer: Person, query: str) -> None:
    assert marketer.forms().get(f"/actions?{query}").status_code == 404


def test_another_tenants_campaign_filters_everything_out_and_is_not_named(
    marketer: Person, strangers: dict[MemberRole, Person]
) -> None:
    with strangers[MemberRole.MARKETER].api() as api:
        theirs = api.post("/campaigns", json={"name": "Their secret"}).json()["id"]
    written(strangers[MemberRole.MARKETER], subject="Their mail")
    page = marketer.forms().get(f"/actions?campaign={theirs}")
    assert page.status_code == 200
    assert "Their" not in page.text


def test_scripts_in_titles_and_filters_are_only_text(marketer: Person) -> None:
    hostile = '"><script>alert(1)</script>'
    written(marketer, subject=hostile)
    page = marketer.forms().get("/actions", text="").text
    assert "<script>alert" not in page
    shown = marketer.forms().client.get("/actions", params={"text": hostile}).text
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)" in shown


def asked(house: Settings, forms: Forms, path: str) -> int:
    with Counted(house) as statements:
        assert forms.get(path).status_code == 200
    return statements.count


def test_a_page_asks_as_often_for_many_as_for_few(house: Settings, marketer: Person) -> None:
    with marketer.api() as api:
        campaign = api.post("/campaigns", json={"name": "Spring"}).json()["id"]
    forms = marketer.forms()
    many(house, marketer, 5, campaign=campaign)
    few = asked(house, forms, "/actions")
    many(house, marketer, 20, campaign=campaign)
    assert asked(house, forms, "/actions") == few


def test_no_filter_goes_through_all_that_there_are(house: Settings, marketer: Person) -> None:
    """By what Postgres would do with many: the indexes lead to what is shown."""
    with marketer.api() as api:
        campaign = api.post("/campaigns", json={"name": "Spring"}).json()["id"]
    many(house, marketer, 3_000, due_at=datetime(2031, 5, 5, tzinfo=UTC))
    with records.session(house, Role.OWNER) as session:
        session.execute(text("analyze actions"))
    for condition in (
        "state = 'held'",
        "type = 'generic'",
        f"campaign_id = {campaign}",
        "author_id = 1",
        "source = 'optimiser'",
        "due_at >= '2031-06-01' and due_at < '2031-06-02'",
    ):
        with records.session(house, Role.CONSOLE, tenant=marketer.tenant) as session:
            session.execute(text("set local enable_seqscan = off"))
            plan = "\n".join(
                session.scalars(
                    text(
                        f"explain select id from actions where tenant_id = {marketer.tenant} and {condition} "
                        "order by id desc limit 26"
                    )
                )
            )
        led_by = [line for line in plan.splitlines() if "Index Cond" in line]
        assert any(condition.split()[0] in line for line in led_by), plan
