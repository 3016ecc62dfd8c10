"""Taking in recipients: a list that came with a campaign becomes contacts, a group of them, and one draft mail."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, BigInteger, String, cast, func, select

from marketing_pipelines.email import addresses
from marketing_pipelines.outbound import payloads
from marketing_pipelines.requests.working import Turn
from store.records import actions, contacts, groups, intakes, policies
from store.records.actions import ActionType
from store.records.campaigns import Campaign
from store.records.contacts import Contact
from store.records.database import Session
from store.records.groups import Group, GroupMember
from store.records.intakes import Intake
from store.records.requested_runs import Taken
from store.records.schema import ActionId, ContactId, GroupId, NotUsable, TenantId

AT_A_TIME = 1_000
MOST_PROBLEMS = 100
# What a line can turn out to be; each line is one of them.
KINDS = ("new", "known", "unsubscribed", "repeated", "invalid")


@dataclass(frozen=True, slots=True)
class Line:
    """What is wrong with a line of the list, counted from 1; the address itself is not repeated."""

    line: int
    reason: str


def take_in(turn: Turn) -> Mapping[str, Any]:
    """Goes through the list a thousand lines a step, and gives how many were what."""
    while _take_some(turn):
        pass
    return _conclude(turn)


def _take_some(turn: Turn) -> bool:
    """The next lines, in one transaction with the note that they were taken; False when there are no more."""
    with turn.step() as session:
        intake = intakes.of_request(session, turn.taken.tenant, turn.taken.id)
        lines = intakes.next_lines(session, intake, AT_A_TIME) if intake.taken < intake.lines else []
        if not lines:
            return False
        valid, problems = _sorted_out(lines, first=intake.taken + 1)
        counts = _put_in_group(session, turn.taken, _group_of(session, turn.taken, intake), valid)
        counts["invalid"] = len(problems)
        room = MOST_PROBLEMS - len(intake.problems)
        told = [{"line": problem.line, "reason": problem.reason} for problem in problems[:room]]
        intake.problems = [*intake.problems, *told]
        intake.counts = dict(Counter(intake.counts) + counts)
        intake.taken += len(lines)
        return True


def _conclude(turn: Turn) -> Mapping[str, Any]:
    """Makes the draft, once."""
    with turn.step() as session:
        intake = intakes.of_request(session, turn.taken.tenant, turn.taken.id)
        found = {kind: int(intake.counts.get(kind, 0)) for kind in KINDS}
        has_readers = found["invalid"] < intake.lines
        if has_readers and intake.action_id is None:
            intake.action_id = _draft(session, turn.taken, intake)
        told = {**found, "group": intake.group_id, "action": intake.action_id}
    if not has_readers:
        raise NotUsable(f"None of the {intake.lines} lines is a mail address.")
    return told


def _sorted_out(lines: Iterable[str], first: int) -> tuple[list[str], list[Line]]:
    """The addresses as they are stored, and the lines that are none."""
    valid, problems = [], []
    for number, line in enumerate(lines, first):
        try:
            valid.append(contacts.normalised(addresses.address(line.strip())))
        except ValueError as error:
            problems.append(Line(number, str(error)))
    return valid, problems


def _put_in_group(session: Session, taken: Taken, group: Group, valid: list[str]) -> Counter[str]:
    """Makes contacts of the addresses and puts them in the group; gives how many were what.

    Those who have unsubscribed are in it too, as whom they are known: what is sent leaves them out, and tells so.
    """
    if not valid:
        return Counter()
    known_before = _known(session, taken.tenant, valid)
    found = contacts.ensure_all(session, taken.tenant, valid)
    here_before = _members(session, group, found)
    coming = [contact for contact in found if contact.id not in here_before]
    groups.put_in(session, group, taken.actor, {ContactId(contact.id) for contact in coming})
    counts = Counter(_kind_of(contact, known_before) for contact in coming)
    counts["repeated"] = len(valid) - len(coming)
    return counts


def _kind_of(contact: Contact, known_before: set[str]) -> str:
    if contact.unsubscribed_at is not None:
        return "unsubscribed"
    return "known" if contact.email in known_before else "new"


def _known(session: Session, tenant: TenantId, emails: list[str]) -> set[str]:
    given = func.any(cast(emails, ARRAY(String)))
    return set(
        session.scalars(select(Contact.email).where(Contact.tenant_id == tenant, Contact.email == given))
    )


def _members(session: Session, group: Group, found: Iterable[Contact]) -> set[int]:
    ids = cast([contact.id for contact in found], ARRAY(BigInteger))
    here = select(GroupMember.contact_id).where(
        GroupMember.tenant_id == group.tenant_id,
        GroupMember.group_id == group.id,
        GroupMember.contact_id == func.any(ids),
    )
    return set(session.scalars(here))


def _group_of(session: Session, taken: Taken, intake: Intake) -> Group:
    """The campaign's own group, made with the first lines; its number makes the name one of its own."""
    if intake.group_id is not None:
        return session.get_one(Group, intake.group_id)
    campaign = session.get_one(Campaign, intake.campaign_id)
    name = f"Campaign {campaign.id}: {campaign.name}"[:200]
    group = groups.add(session, taken.tenant, taken.actor, name, "Came with the campaign.")
    intake.group_id = GroupId(group.id)
    return group


def _draft(session: Session, taken: Taken, intake: Intake) -> ActionId:
    """The one mail to them all, by whoever brought them; it is approved like any other."""
    mail = {"groups": [intake.group_id], "subject": intake.subject, "body": intake.message}
    checked = payloads.checked(ActionType.EMAIL, mail)
    action = actions.create(
        session,
        taken.tenant,
        taken.actor,
        type=ActionType.EMAIL,
        channel=checked.channel,
        payload=checked.payload,
        purpose=policies.of_tenant(session, taken.tenant).default_purpose,
        title=intake.subject[:200],
        author=taken.asked_by,
        campaign=intake.campaign_id,
    )
    return ActionId(action.id)
