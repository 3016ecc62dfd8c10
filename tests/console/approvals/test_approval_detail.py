"""The detail of a request: what is sent, what changed, who is needed, and nothing that an approver cannot see."""

import hashlib
import html as html_module
import json
import re
from typing import Any

import pytest
from sqlalchemy import text

from console.approvals import differences
from console.approvals.differences import Turn
from console.frame import plain_sight
from store import records
from store.records.people import MemberRole
from store.settings import Role, Service, Settings
from tests.console.library.test_assets import BANNER
from tests.console.queries import counted
from tests.console.visitors import Forms, Person, mail, person, submitted, written

FIRST = "Hello,\n\nall warm things are 20 % off until Sunday.\n\nYour shop"
SECOND = "Hello,\n\nall warm things are 30 % off until Sunday.\n\nYour shop"


def page(forms: Forms, path: str) -> str:
    answer = forms.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def words(page: str) -> str:
    """What of a page is read, on one line."""
    return " ".join(html_module.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def asked(author: Person, **body: Any) -> dict[str, Any]:
    """A request of any type."""
    with author.api() as api:
        action = api.post(
            "/actions", json={"purpose": "contract", "dry_run": False} | body
        ).raise_for_status()
        return api.post(f"/actions/{action.json()['id']}/submit").raise_for_status().json()


def asked_again(author: Person, action: dict[str, Any], **changes: Any) -> dict[str, Any]:
    with author.api() as api:
        payload = {"payload": action["payload"] | changes}
        api.put(f"/actions/{action['id']}", json=payload).raise_for_status()
        return api.post(f"/actions/{action['id']}/submit").raise_for_status().json()


def test_a_first_version_has_nothing_to_be_compared_with(marketer: Person, approver: Person) -> None:
    action = submitted(marketer)
    assert "First version: nothing to compare." in page(approver.forms(), f"/actions/{action['id']}")


def test_words_and_facts_that_changed_since_the_last_version_are_marked(
    marketer: Person, approver: Person
) -> None:
    action = submitted(
        marketer, recipient=None, recipients=["one@example.com", "two@example.com"], body=FIRST
    )
    asked_again(
        marketer,
        action,
        body=f"{SECOND}\nhttps://shop.example/x",
        recipients=["one@example.com", "three@example.com", "four@example.com"],
    )
    shown = page(approver.forms(), f"/actions/{action['id']}")
    assert "What changed since version 1" in shown
    assert re.search(r"<del>20 </del><ins>30 </ins>", shown)
    assert "<del>2</del>" in shown
    assert "<ins>3 (2 new and 1 gone)</ins>" in shown
    assert "New link" in shown


def test_the_comparison_is_of_what_was_frozen_and_not_of_a_draft(marketer: Person, approver: Person) -> None:
    action = submitted(marketer, body=FIRST)
    with marketer.api() as api:
        draft = {"payload": action["payload"] | {"body": "Never asked for"}}
        api.put(f"/actions/{action['id']}", json=draft).raise_for_status()
        api.put(f"/actions/{action['id']}", json={"payload": action["payload"] | {"body": SECOND}})
        api.post(f"/actions/{action['id']}/submit").raise_for_status()
    shown = page(approver.forms(), f"/actions/{action['id']}")
    assert "Never asked for" not in shown
    assert "<ins>30 </ins>" in shown


def test_an_author_sees_what_a_draft_changes_of_what_was_asked_for(marketer: Person) -> None:
    action = submitted(marketer, body=FIRST)
    with marketer.api() as api:
        payload = {"payload": action["payload"] | {"body": SECOND}}
        api.put(f"/actions/{action['id']}", json=payload).raise_for_status()
    shown = page(marketer.forms(), f"/actions/{action['id']}")
    assert "What changed since version 1" in shown
    assert "<ins>30 </ins>" in shown
    assert "What changed" not in page(marketer.forms(), f"/actions/{written(marketer)}")


def test_audiences_too_large_to_be_compared_are_only_said_to_differ(
    marketer: Person, approver: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = submitted(marketer, recipient=None, recipients=["one@example.com", "two@example.com"])
    asked_again(marketer, action, recipients=["one@example.com", "three@example.com"])
    forms = approver.forms()
    assert "2 (1 new and 1 gone)" in page(forms, f"/actions/{action['id']}")
    monkeypatch.setattr(differences, "MOST_RECIPIENTS", 1)
    assert "2 (not the same ones, or with other values)" in page(forms, f"/actions/{action['id']}")


def test_what_changed_is_read_in_the_order_of_the_mail() -> None:
    before = {"template": {"html": "a", "text": "a", "subject": "a"}}
    after = {"template": {"html": "b", "text": "b", "subject": "b"}}
    compared = differences.between(1, before, after)
    assert [field.name for field in compared.fields] == ["Subject", "Text", "HTML, as it is written"]
    steps = [
        {"steps": [{"subject": str(n), "text": "t"} for n in range(first, first + 11)]} for first in (1, 2)
    ]
    compared = differences.between(1, {"template": steps[0]}, {"template": steps[1]})
    assert [field.name for field in compared.fields] == [f"Mail {n}, subject" for n in range(1, 12)]


def test_the_same_again_says_that_nothing_changed(marketer: Person, approver: Person) -> None:
    action = submitted(marketer)
    asked_again(marketer, action)
    assert "Nothing: the same words" in page(approver.forms(), f"/actions/{action['id']}")


def test_texts_are_compared_by_word_up_to_a_size_and_by_line_beyond_it() -> None:
    long = "a line of words\n" * 1000
    by_word, is_by_line = differences.runs("one two three", "one 2 three")
    assert not is_by_line
    assert [(run.turn, run.text) for run in by_word] == [
        (Turn.SAME, "one "),
        (Turn.REMOVED, "two "),
        (Turn.ADDED, "2 "),
        (Turn.SAME, "three"),
    ]
    by_line, is_by_line = differences.runs(long, f"{long}one more\n")
    assert is_by_line
    assert [run.text for run in by_line if run.turn is Turn.ADDED] == ["one more\n"]
    huge = "x\n" * (differences.MOST_LINES + 1)
    whole, _ = differences.runs(huge, f"{huge}y\n")
    assert [run.turn for run in whole] == [Turn.REMOVED, Turn.ADDED]


@pytest.mark.parametrize(
    ("hidden", "said"),
    [
        ("pay\u202efile", "right-to-left override U+202E"),
        ("zero\u200bwidth", "zero-width space U+200B"),
        ("so\u00adft", "soft hyphen U+00AD"),
        ("\u2066isolated\u2069", "left-to-right isolate U+2066"),
        ("fill\u3164er", "hangul filler U+3164"),
        ("p\u0430ypal", "cyrillic small letter a U+0430"),
        ("tag\U000e0041", "tag latin capital letter a U+E0041"),
    ],
)
def test_what_cannot_be_seen_is_named(marketer: Person, approver: Person, hidden: str, said: str) -> None:
    action = submitted(marketer, body=f"Hello {hidden} there")
    shown = page(approver.forms(), f"/actions/{action['id']}")
    assert f'<span class="unveiled">[{said}]</span>' in shown
    assert "Not all of it can be seen." in shown
    invisible = {character for character in hidden if not character.isalpha() or character == "\u3164"}
    assert not invisible & set(shown), "it stands nowhere in the page"


@pytest.mark.parametrize(
    "plain", ["Grüße aus Köln", "Москва и Київ", "👩\u200d👩\u200d👧 family", "नमस्ते", "a\u00a0b"]
)
def test_ordinary_words_of_any_script_stay_as_they_are(plain: str) -> None:
    assert "".join(piece.text for piece in plain_sight.pieces(plain)) == plain
    assert plain_sight.count_hidden(plain) == 0


@pytest.mark.parametrize(
    ("link", "host", "asked_for"),
    [
        ("https://bank.example@evil.example/pay", "evil.example", ""),
        ("https://SHOP.example:8443/a?b#c", "SHOP.example", ""),
        ("https://p\u0430ypal.example/x", "p\u0430ypal.example", "xn--pypal-4ve.example"),
        ("mailto:a@example.com", "", ""),
        ("http://[broken", "", ""),
    ],
)
def test_of_an_address_the_host_is_what_decides(link: str, host: str, asked_for: str) -> None:
    shown = plain_sight.address(link)
    assert (shown.host, shown.ascii) == (host, asked_for)
    assert f"{shown.before}{shown.host}{shown.after}" == link


def test_links_are_text_with_their_host_in_bold_and_nothing_to_click(
    marketer: Person, approver: Person
) -> None:
    action = submitted(marketer, body="See https://bank.example@evil.example/pay")
    shown = page(approver.forms(), f"/actions/{action['id']}")
    assert "<strong>evil.example</strong>/pay" in shown
    assert 'href="https://bank' not in shown


def test_it_is_read_as_the_recipient_that_one_chooses(marketer: Person, approver: Person) -> None:
    action = submitted(
        marketer, recipient=None, recipients=["one@example.com", "two@example.com"], html="<p>x</p>"
    )
    forms = approver.forms()
    second = page(forms, f"/actions/{action['id']}?as=1")
    assert re.search(r"<dt>To</dt><dd>two@example.com", second)
    assert f"/actions/{action['id']}/html?as=1" in second
    assert forms.get(f"/actions/{action['id']}/html?as=1").text == "<p>x</p>"
    assert re.search(r"<dt>To</dt><dd>two@example.com", page(forms, f"/actions/{action['id']}?as=7")), (
        "the last"
    )
    assert forms.get(f"/actions/{action['id']}?as=10").status_code == 404


def test_the_bytes_that_are_signed_have_the_hash_that_is_shown(marketer: Person, approver: Person) -> None:
    action = submitted(marketer)
    forms = approver.forms()
    signed = forms.get(f"/actions/{action['id']}/manifest?version=1")
    assert hashlib.sha256(signed.content).hexdigest() == action["manifest_hash"]
    assert signed.headers["content-disposition"].startswith("attachment")
    assert json.loads(signed.content)["template"]["subject"] == "Winter sale"
    assert forms.get(f"/actions/{action['id']}/manifest?version=2").status_code == 404
    assert forms.get(f"/actions/{written(marketer)}/manifest").status_code == 404


def test_another_tenants_parts_are_not_there(marketer: Person, strangers: dict[MemberRole, Person]) -> None:
    action = submitted(marketer)["id"]
    forms = strangers[MemberRole.ADMIN].forms()
    for part in ("", "/html", "/manifest", "/standing"):
        assert forms.get(f"/actions/{action}{part}").status_code == 404
    assert forms.post_signed(f"/actions/{action}/remarks", text="hello").status_code == 404
    assert forms.get(f"/approvals/batch?action={action}").text.count("Winter sale") == 0


def test_each_type_looks_like_what_arrives(marketer: Person, approver: Person) -> None:
    forms = approver.forms()

    def shown(**body: Any) -> str:
        return page(forms, f"/actions/{asked(marketer, **body)['id']}")

    steps = [
        {"after_days": 0, "subject": "Welcome", "body": "Good that you are here."},
        {"after_days": 3, "subject": "Well?", "body": "How is it?"},
        {"after_days": 4, "subject": "Bye", "body": "So long", "html": "<p>So <b>long</b></p>"},
    ]
    sequence = {"name": "Welcome", "most": 5, "until": "2099-01-01", "steps": steps}
    mails = words(shown(type="sequence", payload=sequence))
    assert "Mail 1 on the first day Welcome" in mails
    assert "Mail 2 on day 3 Well?" in mails
    assert "Mail 3 on day 7 Bye" in mails
    hook = words(shown(type="cms_webhook", payload={"event": "page.publish", "data": {"b": 1, "a": 2}}))
    assert '{"data":{"a":2,"b":1},"type":"page.publish"}' in hook, "the very body"
    ad = {
        "platform": "google_ads",
        "account": "1",
        "change": "budget",
        "campaign": "2",
        "daily_budget": "10.00",
    }
    assert "Daily budget as it is at the platform 10.00" in words(shown(type="ad_change", payload=ad))
    assert "500 pieces" in words(shown(type="generic", payload={"what": "Flyers", "details": "500 pieces"}))
    assert "Brief" in shown(type="chat_message", payload={"text": "Brief is ready"})


def test_the_html_of_a_sequences_mail_has_its_own_frame(marketer: Person, approver: Person) -> None:
    steps = [
        {"after_days": 0, "subject": "One", "body": "One"},
        {"after_days": 1, "subject": "Two", "body": "Two", "html": "<p>two</p>"},
    ]
    payload = {"name": "Welcome", "most": 5, "until": "2099-01-01", "steps": steps}
    action = asked(marketer, type="sequence", payload=payload)["id"]
    forms = approver.forms()
    assert f'src="/actions/{action}/html?mail=2"' in page(forms, f"/actions/{action}")
    assert forms.get(f"/actions/{action}/html?mail=2").text == "<p>two</p>"
    assert forms.get(f"/actions/{action}/html?mail=1").status_code == 404


def test_a_changed_link_shows_where_it_leads_and_where_it_will(marketer: Person, approver: Person) -> None:
    with marketer.api() as api:
        link = api.post("/links", json={"long_url": "https://old.example/a"}).raise_for_status().json()
    payload = {"slug": link["slug"], "target_url": "https://new.example/b"}
    shown = page(approver.forms(), f"/actions/{asked(marketer, type='link_change', payload=payload)['id']}")
    row = re.search(r"<tr><th scope=\"row\">Leads to</th>(.*?)</tr>", shown, re.S)
    assert row
    assert words(row[1]) == "https:// old.example /a https:// new.example /b"


def test_a_post_is_shown_with_our_own_picture_and_never_with_anothers(
    house: Settings, marketer: Person, approver: Person
) -> None:
    with marketer.api() as api:
        asset = (
            api.post("/assets", files={"file": BANNER}, data={"name": "Banner"})
            .raise_for_status()
            .json()["id"]
        )
    home = house.address(Service.CONSOLE)
    forms = approver.forms()
    post = {"network": "instagram", "text": "Look", "image": f"{home}/assets/{asset}/content"}
    ours = page(forms, f"/actions/{asked(marketer, type='social_post', payload=post)['id']}")
    assert f'<img src="/assets/{asset}/content" alt="Banner"' in ours
    post["image"] = f"https://evil.example/assets/{asset}/content"
    theirs = page(forms, f"/actions/{asked(marketer, type='social_post', payload=post)['id']}")
    assert "A picture from elsewhere, which is not loaded here" in theirs
    assert "<strong>evil.example</strong>" in theirs


def test_whoever_signs_a_video_reads_what_is_declared_of_it(marketer: Person, approver: Person) -> None:
    video = {
        "network": "youtube",
        "text": "How a coat is made",
        "image": "https://shop.example/coat.mp4",
        "title": "A [coat]",
        "tags": ["coats", "made in Leipzig"],
        "visibility": "unlisted",
        "made_for_kids": False,
        "synthetic": True,
    }
    shown = words(
        page(approver.forms(), f"/actions/{asked(marketer, type='social_post', payload=video)['id']}")
    )
    for told in (
        "Title A [coat]",
        "Tags coats, made in Leipzig",
        "Who may see it unlisted",
        "Made for kids no",
        "Altered or made up, and looks real yes",
        "A video from elsewhere, which is not loaded here",
    ):
        assert told in shown


def test_origins_are_quoted_and_lead_only_into_the_house(marketer: Person, approver: Person) -> None:
    run = "0f8fad5b-d9cb-469f-a165-70867728950e"
    origins = [
        {"kind": "feed_entry", "id": "javascript:alert(1)"},
        {"kind": "run", "id": run},
        {"kind": "run", "id": "../../evil"},
        {"kind": "action", "id": "12"},
    ]
    action = asked(marketer, **mail(), provenance=origins)
    shown = page(approver.forms(), f"/actions/{action['id']}")
    assert "<q>javascript:alert(1)</q>" in shown
    assert "<q>../../evil</q>" in shown
    assert f'/runs/{run}">' in shown
    assert 'href="/actions/12"' in shown
    assert "/assets/feed_entries" in shown, "the Dagster asset that reads feeds"


def test_it_says_who_has_signed_and_who_is_still_needed(
    house: Settings, site: str, marketer: Person, approver: Person, admin: Person
) -> None:
    person(house, site, marketer.tenant, MemberRole.APPROVER, "Grace Hopper")
    with admin.api() as api:
        api.put("/policy", json={"rules": [{"quorum": 2}]}).raise_for_status()
    action = submitted(marketer)
    forms = approver.forms()
    before = words(page(forms, f"/actions/{action['id']}"))
    assert "0 of 2 signatures of Admin or Approver" in before
    assert "Grace Hopper" in before
    forms.post_signed(f"/actions/{action['id']}/approve", manifest_hash=action["manifest_hash"])
    after = words(page(forms, f"/actions/{action['id']}"))
    assert "1 of 2 signatures" in after
    assert "You have voted on this version." in after
    assert "1 more is needed" in after


def test_too_few_people_for_the_policy_is_said(marketer: Person, admin: Person) -> None:
    with admin.api() as api:
        api.put("/policy", json={"rules": [{"quorum": 3}]}).raise_for_status()
    action = submitted(marketer)
    assert "That is not enough people" in page(admin.forms(), f"/actions/{action['id']}")


def test_the_part_that_others_change_can_be_had_alone(
    marketer: Person, approver: Person, admin: Person
) -> None:
    action = submitted(marketer)
    address = f"/actions/{action['id']}/standing?version=1&state=pending_approval"
    forms = approver.forms()
    quiet = page(forms, address)
    assert quiet.lstrip().startswith('<section id="standing"')
    assert "This changed while you were reading" not in quiet
    assert "<textarea" not in quiet, "nothing that somebody types in is renewed"
    with admin.api() as api:
        api.post(f"/actions/{action['id']}/deny", json={"note": "No"}).raise_for_status()
    assert "This changed while you were reading" in page(forms, address)
    assert forms.get(f"{address}&version=x").status_code == 404


def test_who_comes_second_reads_who_was_first(
    house: Settings, site: str, marketer: Person, approver: Person
) -> None:
    first = person(house, site, marketer.tenant, MemberRole.APPROVER, "Grace Hopper")
    action = submitted(marketer)
    forms = approver.forms()
    with first.api() as api:
        api.post(f"/actions/{action['id']}/deny", json={"note": "Wrong price"}).raise_for_status()
    answer = forms.post_signed(
        f"/actions/{action['id']}/approve", manifest_hash=action["manifest_hash"], note="My own words"
    )
    assert answer.status_code == 409
    said = words(answer.text)
    assert "Somebody was quicker Already denied by Grace Hopper at" in said
    assert "Your vote was not taken." in said
    assert "You had written: My own words" in said
    assert "Wrong price" in said, "the present state is below"
    assert "Approve</button>" not in answer.text


def test_a_second_vote_and_one_on_what_has_lapsed_are_told_apart(
    house: Settings, marketer: Person, approver: Person, admin: Person
) -> None:
    with admin.api() as api:
        api.put("/policy", json={"rules": [{"quorum": 2}]}).raise_for_status()
    action = submitted(marketer)
    vote = {"manifest_hash": action["manifest_hash"]}
    forms = approver.forms()
    assert forms.post_signed(f"/actions/{action['id']}/approve", **vote).status_code == 303
    assert "You have voted already" in forms.post_signed(f"/actions/{action['id']}/approve", **vote).text
    with records.session(house, Role.OWNER) as session:
        lapse = "update actions set expires_at = now() - interval '1 hour' where id = :action"
        session.execute(text(lapse), {"action": action["id"]})
    late = admin.forms().post_signed(f"/actions/{action['id']}/approve", **vote)
    assert late.status_code == 409
    assert "The request has lapsed" in late.text


def test_a_version_that_came_meanwhile_is_shown_and_has_to_be_read_first(
    marketer: Person, approver: Person
) -> None:
    action = submitted(marketer, body=FIRST)
    forms = approver.forms()
    asked_again(marketer, action, body=SECOND)
    answer = forms.post_signed(f"/actions/{action['id']}/approve", manifest_hash=action["manifest_hash"])
    assert answer.status_code == 409
    assert "It changed while you were reading" in answer.text
    assert f"Version 2 was asked for by Marketer of {marketer.tenant}" in words(answer.text)
    assert "<ins>30 </ins>" in answer.text
    assert 'name="manifest_hash"' not in answer.text, "a second click approves nothing that was not read"


def test_remarks_are_left_by_a_form_and_decide_nothing(people: dict[MemberRole, Person]) -> None:
    action = submitted(people[MemberRole.MARKETER])["id"]
    analyst = people[MemberRole.ANALYST].forms()
    answer = analyst.post_signed(f"/actions/{action}/remarks", text="Is the price right? <b>")
    assert answer.status_code == 303
    shown = page(analyst, f"/actions/{action}?done=remarked")
    assert "Is the price right? &lt;b&gt;" in shown
    assert "Waiting for approval" in shown
    assert analyst.post_signed(f"/actions/{action}/remarks", text="  ").status_code == 422
    assert analyst.post(f"/actions/{action}/remarks", text="forged").status_code == 403
    viewer = people[MemberRole.VIEWER].forms()
    assert "Leave the remark" not in page(viewer, f"/actions/{action}")
    assert viewer.post_signed(f"/actions/{action}/remarks", text="no").status_code == 403


def test_each_role_finds_what_it_may_do(people: dict[MemberRole, Person]) -> None:
    action = submitted(people[MemberRole.MARKETER])["id"]
    author = page(people[MemberRole.MARKETER].forms(), f"/actions/{action}")
    assert f'href="/actions/{action}/edit"' in author
    assert f'action="/actions/{action}/duplicate"' in author
    assert "Approve</button>" not in author
    signer = page(people[MemberRole.APPROVER].forms(), f"/actions/{action}")
    assert "Approve</button>" in signer
    assert f'href="/actions/{action}/edit"' not in signer
    viewer = page(people[MemberRole.VIEWER].forms(), f"/actions/{action}")
    assert "An Approver or an Admin decides this." in viewer
    assert "<button" not in viewer.partition("<main")[2]


def test_the_page_says_what_to_do_about_what_stands_out(marketer: Person, approver: Person) -> None:
    action = submitted(
        marketer, body="Dear {{ name }}", html='<a href="https://evil.example/">bank.example</a>'
    )
    shown = words(page(approver.forms(), f"/actions/{action['id']}"))
    assert "Serious A link that reads 'bank.example' leads to evil.example. Deny it, or ask why" in shown
    assert "Warning '{{ name }}' was left in it." in shown
    assert shown.index("Serious A link") < shown.index("Warning '{{")
    assert "High risk because of a link in disguise" in shown


def test_the_audience_is_counted_sampled_and_its_groups_are_named(marketer: Person, approver: Person) -> None:
    with marketer.api() as api:
        group = api.post("/groups", json={"name": "Customers"}).raise_for_status().json()["id"]
        ids = [
            api.post("/recipients", json={"email": f"r{n}@example.com", "groups": [group]})
            .raise_for_status()
            .json()["id"]
            for n in range(3)
        ]
        api.post(f"/recipients/{ids[0]}/opt-out", json={"reason": "asked by phone"}).raise_for_status()
    action = asked(
        marketer,
        **mail(recipient=None, groups=[group]) | {"purpose": "marketing_by_consent"},
    )
    shown = words(page(approver.forms(), f"/actions/{action['id']}"))
    assert "Who gets it 2 recipients 1 more are in its groups and were left out" in shown
    assert "From the group Customers" in shown
    assert "r1@example.com r2@example.com" in shown


def test_the_number_of_queries_does_not_grow_with_votes_recipients_or_history(
    house: Settings, site: str, marketer: Person, approver: Person, admin: Person
) -> None:
    with admin.api() as api:
        api.put("/policy", json={"rules": [{"quorum": 5}]}).raise_for_status()
    small = submitted(marketer)["id"]
    large = submitted(marketer, recipient=None, recipients=[f"r{n}@example.com" for n in range(60)])
    for _ in range(3):
        another = person(house, site, marketer.tenant, MemberRole.APPROVER)
        with another.api() as api:
            vote = {"manifest_hash": large["manifest_hash"], "note": "yes"}
            api.post(f"/actions/{large['id']}/approve", json=vote).raise_for_status()
    with marketer.api() as api:
        for n in range(40):
            api.post(f"/actions/{large['id']}/comments", json={"text": f"Remark {n}"}).raise_for_status()
    forms = approver.forms()
    seen: list[int] = []
    for action in (small, large["id"]):
        with counted(house) as statements:
            shown = page(forms, f"/actions/{action}")
        seen.append(len(statements))
    # Votes bring their voters' names and whether the work is theirs: two statements, however many there are.
    assert seen[1] <= seen[0] + 2, seen
    assert shown.count('class="entry-number"') == 30, "the history is bounded"
    assert "All of it</a>" in shown


def test_content_that_was_changed_in_the_database_cannot_be_approved(
    house: Settings, marketer: Person, approver: Person
) -> None:
    action = submitted(marketer)["id"]
    with records.session(house, Role.OWNER) as session:
        session.execute(
            text(
                "update action_versions set manifest = jsonb_set(manifest, '{template,subject}', '\"Free\"') "
                "where action_id = :action"
            ),
            {"action": action},
        )
    shown = page(approver.forms(), f"/actions/{action}")
    assert "Do not approve." in shown
    assert "Approve</button>" not in shown
