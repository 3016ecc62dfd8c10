"""The pulse of a send: before every message, whether it may still go on."""

import time

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from marketing_pipelines.outbound.sending import LEASE, Sending
from store import edge_shipper, records
from store.records import campaigns, delivery_chunks, gate, kill_switches
from store.settings import Role, Settings

# A message leaves within a second of the reading it relies on, its hand-over included.
FRESH_SECONDS = 0.5
_READ_WITHIN = "5s"


def standstill(settings: Settings) -> str:
    """Why nobody sends anything at the moment, or nothing: what can be told without the records."""
    if settings.kill_switch:
        return "KILL_SWITCH is set in the environment"
    # Whoever asked for no more mail is heard first.
    return edge_shipper.why_unsubscribes_wait(settings.data_dir / "spool")


class Pulse:
    """The kill switch and the campaign as they were a moment ago; each reading also tells the others that this run is at it."""

    def __init__(self, sending: Sending) -> None:
        self._sending = sending
        self._read_at = float("-inf")
        self._reason = ""

    def stopped(self) -> str:
        """Why nothing more may be sent, or nothing; once stopped, a slice stays stopped."""
        if not self._reason and time.monotonic() - self._read_at >= FRESH_SECONDS:
            self._read_at = time.monotonic()
            self._reason = self._read()
        return self._reason

    def _read(self) -> str:
        sending = self._sending
        if reason := standstill(sending.settings):
            return reason
        try:
            with records.session(sending.settings, Role.PIPELINES) as session:
                session.execute(
                    text("select set_config('statement_timeout', :within, true)"), {"within": _READ_WITHIN}
                )
                switch = kill_switches.engaged_for(
                    session, sending.tenant, sending.type, sending.channel, sending.campaign
                )
                campaign = campaigns.stopping(session, sending.tenant, sending.campaign)
                gate.renew(session, sending.slice, LEASE)
                delivery_chunks.renew(session, sending.action_id, sending.run_id, LEASE)
        except SQLAlchemyError:
            return "the kill switch could not be read, which counts as pulled"
        if switch is not None:
            return f"kill switch: {switch.scope} {switch.subject}"
        return campaign.why_it_stops if campaign is not None else ""
