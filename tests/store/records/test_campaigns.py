"""Campaigns as records: every legal move, refused here and in the database, and each an entry of the chain."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from store import records
from store.audit import Actor, ActorKind
from store.clock import now
from store.records import audit_log, campaigns
from store.records.campaigns import MOVES, Campaign, CampaignStatus, IllegalMove, Plan
from store.records.database import Session
from store.records.schema import CampaignId, NotUsable, TenantId
from store.settings import Role, Settings

ANN = Actor(ActorKind.USER, "1")
DAY = timedelta(days=1)


def plan(name: str = "Spring", start: timedelta | None = None, end: timedelta | None = None) -> Plan:
    """A campaign whose dates are so far from now."""
    return Plan(
        name=name,
        objective="",
        project_id=None,
        start_date=None if start is None else now() + start,
        end_date=None if end is None else now() + end,
    )


def by_hand(session: Session, tenant: TenantId, status: CampaignStatus) -> Campaign:
    """A campaign that has come to a status in the fewest steps."""
    campaign = campaigns.add(session, tenant, ANN, plan(start=DAY))
    match status:
        case CampaignStatus.DRAFT:
            pass
        case CampaignStatus.SCHEDULED:
            campaigns.publish(session, campaign, ANN)
        case CampaignStatus.RUNNING:
            campaigns.schedule(session, campaign, ANN, None, None)
        case CampaignStatus.PAUSED:
            campaigns.schedule(session, campaign, ANN, None, None)
            campaigns.pause(session, campaign, ANN, "the price is wrong")
        case CampaignStatus.COMPLETED:
            campaigns.schedule(session, campaign, ANN, now() - 2 * DAY, now() - DAY)
    assert campaign.status is status
    return campaign


def test_dates_decide_what_a_published_campaign_is(house: Settings, tenant: TenantId) -> None:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        for dates, status in (
            (plan(), CampaignStatus.RUNNING),
            (plan(start=-DAY, end=DAY), CampaignStatus.RUNNING),
            (plan(start=DAY), CampaignStatus.SCHEDULED),
        ):
            campaign = campaigns.add(session, tenant, ANN, dates)
            assert campaign.status is CampaignStatus.DRAFT
            campaigns.publish(session, campaign, ANN)
            assert campaign.status is status


def test_one_whose_end_has_passed_is_completed_as_it_is_written(house: Settings, tenant: TenantId) -> None:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        campaign = campaigns.add(session, tenant, ANN, plan(start=-2 * DAY, end=-DAY))
        assert campaign.status is CampaignStatus.COMPLETED
        chain = audit_log.of_entity(session, tenant, "campaign", campaign.id)
    assert [entry.action for entry in chain] == ["create", "complete"]


def test_it_pauses_resumes_by_its_dates_and_comes_back_after_its_end(
    house: Settings, tenant: TenantId
) -> None:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        campaign = by_hand(session, tenant, CampaignStatus.PAUSED)
        assert campaign.pause_reason == "the price is wrong"
        campaigns.schedule(session, campaign, ANN, now() + DAY, now() + 2 * DAY)
        assert campaign.status is CampaignStatus.PAUSED, "dates resume nothing"
        campaigns.resume(session, campaign, ANN)
        assert (campaign.status, campaign.pause_reason) == (CampaignStatus.SCHEDULED, "")
        campaigns.schedule(session, campaign, ANN, now() - 2 * DAY, now() - DAY)
        assert campaign.status is CampaignStatus.COMPLETED
        with pytest.raises(IllegalMove, match="cannot publish; it can schedule, start"):
            campaigns.publish(session, campaign, ANN)
        campaigns.schedule(session, campaign, ANN, None, now() + DAY)
        assert campaign.status is CampaignStatus.RUNNING
        chain = audit_log.of_entity(session, tenant, "campaign", campaign.id)
        assert audit_log.verify(session, tenant) is None
    moves = [entry.action for entry in chain if entry.action != "set_dates"]
    assert moves == ["create", "start", "pause", "schedule", "complete", "start"]
    assert "price" not in str([entry.after for entry in chain])


@pytest.mark.parametrize("status", list(CampaignStatus))
def test_what_a_status_does_not_allow_is_refused(
    house: Settings, tenant: TenantId, status: CampaignStatus
) -> None:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        campaign = by_hand(session, tenant, status)
        if status not in campaigns.LIVE:
            with pytest.raises(IllegalMove, match=f"is {status}: cannot pause"):
                campaigns.pause(session, campaign, ANN, "")
        if status is not CampaignStatus.PAUSED:
            with pytest.raises(IllegalMove, match=f"is {status}: cannot resume"):
                campaigns.resume(session, campaign, ANN)


@pytest.mark.parametrize("source", list(CampaignStatus))
def test_the_database_knows_the_same_moves(house: Settings, tenant: TenantId, source: CampaignStatus) -> None:
    allowed = {target for sources, target in MOVES.values() if source in sources} | {source}
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        number = by_hand(session, tenant, source).id
    for target in CampaignStatus:
        with records.session(house, Role.OWNER) as session:
            moved = {"status": target, "id": number}
            move = text("update campaigns set status = :status where id = :id")
            if target in allowed:
                session.execute(move, moved)
            else:
                with pytest.raises(DBAPIError, match=f"cannot move from {source} to {target}"):
                    session.execute(move, moved)
            session.rollback()


def test_a_campaign_begins_as_a_draft_and_ends_after_its_start(house: Settings, tenant: TenantId) -> None:
    begun = "insert into campaigns (tenant_id, name, utm_campaign, status, start_date, end_date)"
    for values, refused in (
        ("(:t, 'x', 'x', 'running', null, null)", "starts as a draft"),
        ("(:t, 'x', 'x', 'draft', now(), now() - interval '1 day')", "ck_campaigns_end_date"),
    ):
        with records.session(house, Role.OWNER) as session:
            with pytest.raises(DBAPIError, match=refused):
                session.execute(text(f"{begun} values {values}"), {"t": tenant})
            session.rollback()


def test_its_name_in_addresses_is_derived_and_never_anothers(house: Settings, tenant: TenantId) -> None:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        named = [
            campaigns.add(session, tenant, ANN, plan(name)).utm_campaign
            for name in (
                "Winter Sale – 20 %!",
                "winter sale 20",
                "Winter sale 20",
                "Ärger & Öl",
                "秋のセール",
                "!",
            )
        ]
        assert named == [
            "winter-sale-20",
            "winter-sale-20-2",
            "winter-sale-20-3",
            "arger-ol",
            "campaign",
            "campaign-2",
        ]
        with pytest.raises(NotUsable, match="Another campaign has the utm_campaign 'arger-ol'"):
            campaigns.add(session, tenant, ANN, plan(), "arger-ol")


@given(st.text(min_size=1, max_size=200).filter(lambda name: "\0" not in name))
def test_every_name_gives_one_that_addresses_can_carry(name: str) -> None:
    derived = campaigns.as_addresses_say(name)
    assert derived
    assert len(derived) <= campaigns.LONGEST_UTM - 10
    assert derived.isascii()
    assert set(derived) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_who_name_campaigns_at_once_get_different_names(house: Settings, tenant: TenantId) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def one(_: int) -> str:
        with records.session(house, Role.CONSOLE, tenant=tenant) as session:
            return campaigns.add(session, tenant, ANN, plan("Twin")).utm_campaign

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(one, range(8)))) == 8


def test_time_moves_on_what_is_live_and_leaves_drafts_alone(house: Settings, tenant: TenantId) -> None:
    with records.session(house, Role.CONSOLE, tenant=tenant) as session:
        made = {status: by_hand(session, tenant, status).id for status in CampaignStatus}
    with records.session(house, Role.OWNER) as session:
        passed = "start_date = now() - interval '2 day', end_date = now() - interval '1 day'"
        session.execute(text(f"update campaigns set {passed} where tenant_id = :t"), {"t": tenant})
    with records.session(house, Role.PIPELINES) as session:
        due = {number for owner, number in campaigns.moved_on_by_dates(session) if owner == tenant}
        live = {CampaignStatus.SCHEDULED, CampaignStatus.RUNNING, CampaignStatus.PAUSED}
        assert due == {made[status] for status in live}
        for number in due:
            campaign = campaigns.locked(session, tenant, CampaignId(number))
            assert campaign
            campaigns.follow_dates(session, campaign, ANN)
            assert campaign.status is CampaignStatus.COMPLETED
        assert not [each for each in campaigns.moved_on_by_dates(session) if each[0] == tenant]
