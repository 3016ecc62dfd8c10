"""What the types that stand for later actions have in common: handed over, they are in force."""

from marketing_pipelines.outbound.kinds.face import Standing
from marketing_pipelines.outbound.sending import Sending
from store import records
from store.records import standing_approvals
from store.settings import Role


def put_in_force(sending: Sending, standing: Standing) -> str:
    with records.session(sending.settings, Role.PIPELINES) as session:
        kept = standing_approvals.put_in_force(
            session,
            sending.actor,
            sending.tenant,
            sending.action_id,
            sending.version,
            most=standing.most,
            until=standing.until,
        )
        return f"standing approval {kept.id} is in force"
