"""What an action that is still being written would send, read as an approver will read it; nothing is kept."""

from console.actions import action_form, letter
from console.actions.action_form import Typed
from console.actions.letter import Letter
from console.door.sign_in import Visitor
from marketing_pipelines.outbound import freeze, payloads
from store.records import policies
from store.records.action_states import State
from store.records.actions import Action, ActionType
from store.records.database import Session


def read(session: Session, visitor: Visitor, type: ActionType, typed: Typed) -> Letter | None:
    """What is wrong with it is raised as it would be on saving; None where nothing can be read of it."""
    said = action_form.new_action(type, typed)
    checked = payloads.checked(type, said.payload)
    wanted = said.as_wanted(visitor)
    draft = Action(
        tenant_id=visitor.tenant,
        type=type,
        channel=checked.channel,
        payload=checked.payload,
        purpose=wanted.purpose or policies.of_tenant(session, visitor.tenant).default_purpose,
        state=State.DRAFT,
        version=0,
        dry_run=wanted.dry_run,
    )
    freeze.draft(visitor.settings, draft, payloads.parse(type, draft.payload))
    return letter.of_action(session, visitor.settings, draft)
