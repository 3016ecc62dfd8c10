"""Alerting: finds what somebody has to know of and tells it, from whichever process gets to it first."""

import logging
import time
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from connectors.errors import ChannelError
from marketing_pipelines.email import system_mails
from marketing_pipelines.monitoring import alert_sinks
from marketing_pipelines.monitoring.alert_sinks import NoReader, Sinks
from store import records
from store.clock import now
from store.records import alert_notices, alert_sightings
from store.records.alert_notices import Notice
from store.records.alert_sightings import Tolerated
from store.records.alerts import Sink
from store.settings import Role, Settings

# Whoever has just come, with the whole house perhaps, cannot tell a silence from its own absence.
CAME_AT = now()
# A sensor's tick is cut off after a minute, and the last call may hang for a while.
TELLS_FOR_SECONDS = 15.0

log = logging.getLogger(__name__)


def watch(settings: Settings) -> None:
    """One round, with the house's own mails; what it could not do, the next one does."""
    try:
        raise_alerts(settings)
        tell(settings)
        system_mails.send(settings)
    except SQLAlchemyError as away:
        log.error(
            "the records could not be read, so that no alert is raised and no mail is sent: %s",
            type(away).__name__,
        )


def raise_alerts(settings: Settings, *, came_at: datetime = CAME_AT) -> int:
    """Raises what calls for it, closes what is over, and gives how many are new; nothing while another is at it."""
    patience = timedelta(seconds=settings.alert_gate_silent_seconds)
    listens = now() - came_at >= patience
    tolerated = Tolerated(settings.alert_bounce_percent, settings.alert_complaint_percent)
    with records.session(settings, Role.WATCH) as session:
        if not alert_sightings.is_my_turn(session):
            return 0
        alert_sightings.close_what_is_over(session)
        raised = alert_sightings.raise_new(session, patience if listens else None, tolerated)
        alert_notices.plan(
            session, raised, alert_sinks.configured(settings), house_mail=bool(settings.alert_mail_to)
        )
        return len(raised)


def tell(settings: Settings) -> int:
    """Tells what waits to be told, as far as a moment reaches; a sink in trouble holds up no other one."""
    told, sinks = 0, set(alert_sinks.configured(settings))
    ends = time.monotonic() + TELLS_FOR_SECONDS
    with Sinks(settings) as open_sinks:
        while sinks and time.monotonic() < ends:
            with records.session(settings, Role.WATCH) as session:
                notice = alert_notices.claim(session, sinks)
            if notice is None:
                break
            try:
                open_sinks.tell(notice)
            except NoReader:
                _leave(settings, notice, "nobody is there to be told", for_good=True)
            except (ChannelError, ValueError) as trouble:  # MAIL_FROM may be no address
                _leave(settings, notice, _reason(notice, trouble), for_good=alert_sinks.is_for_good(trouble))
                if not alert_sinks.is_for_good(trouble):
                    sinks.discard(notice.sink)
            else:
                with records.session(settings, Role.WATCH) as session:
                    alert_notices.told(session, notice)
                told += 1
    return told


def _leave(settings: Settings, notice: Notice, reason: str, *, for_good: bool) -> None:
    with records.session(settings, Role.WATCH) as session:
        is_over = alert_notices.not_told(session, notice, reason, for_good=for_good)
    log.log(
        logging.ERROR if is_over else logging.WARNING,
        "alert %d was not told by %s%s: %s",
        notice.alert.id,
        notice.sink,
        ", and that was the last time" if is_over else "",
        reason,
    )


def _reason(notice: Notice, trouble: Exception) -> str:
    """Servers like to repeat the address."""
    said = str(trouble)
    return said.replace(notice.to, "(an address)") if notice.sink == Sink.MAIL and notice.to else said
