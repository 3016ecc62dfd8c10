"""What people do who are not signed in: take up an invitation, choose a new password, set up an empty house.

Each comes with a link's token. Reading a link uses nothing up, so that whatever looks at links in mails may.
"""

from dataclasses import dataclass

from console.door.problems import FieldError, Refused
from console.door.sign_in import Cookie, NoTenant, tenant_of
from store import entry_tokens, records
from store.records import invitations, password_resets, people, system_mails, tenants, turns
from store.records.audit_log import HOUSE
from store.records.database import enter_person
from store.records.people import MemberRole, User
from store.records.schema import NotUsable, TenantId, UserId
from store.records.system_mails import MailKind
from store.records.tenants import Change, Tenant
from store.settings import Role, Settings

SETUP_KEY = "setup"


class LinkSpent(Refused):
    """A link that is used, lapsed, replaced by a newer one, or never was: nobody is told which."""

    def __init__(self) -> None:
        super().__init__(
            410, "This link is of no use any more: it was used, it lapsed, or a newer one came after it."
        )


@dataclass(frozen=True, slots=True)
class Invited:
    """What an invitation offers; `has_account` says that a password is there already."""

    tenant_name: str
    email: str
    name: str
    role: MemberRole
    has_account: bool


def invited(settings: Settings, token: str) -> Invited:
    with records.session(settings, Role.CONSOLE) as session:
        found = invitations.behind(session, settings, token)
        if found is None:
            raise LinkSpent
        known = people.by_address(session, found.email)
        if known is not None and known.disabled_at is not None:
            raise LinkSpent
        name = session.get_one(Tenant, found.tenant_id).name
        return Invited(name, found.email, found.name, found.role, known is not None)


def join(settings: Settings, token: str, name: str, password: str) -> tuple[User, Cookie | None]:
    """The new member, signed in; whoever had an account before has to show that it is theirs."""
    with records.session(settings, Role.CONSOLE) as session:
        found = invitations.behind(session, settings, token, lock=True)
        if found is None:
            raise LinkSpent
        try:
            user, is_new = invitations.accept(session, found, name=name, password=password)
        except NotUsable as unusable:
            raise Refused(422, str(unusable), [FieldError("password", str(unusable))]) from None
        return user, Cookie(people.log_in(session, user, found.tenant_id)) if is_new else None


def ask_for_reset(settings: Settings, email: str) -> None:
    """The same for every address: whether anybody has it is looked up when the mail is written."""
    with records.session(settings, Role.CONSOLE) as session:
        system_mails.ask(session, MailKind.RESET, email.strip().lower())


def whose_reset(settings: Settings, token: str) -> str:
    """The address of the account that a link opens."""
    with records.session(settings, Role.CONSOLE) as session:
        user = password_resets.behind(session, settings, token)
        if user is None:
            raise LinkSpent
        return user.email


def reset(settings: Settings, token: str, password: str) -> tuple[User, Cookie | None]:
    """The new password holds and every log-in before is over; None where nobody has let the person in."""
    with records.session(settings, Role.CONSOLE) as session:
        if password_resets.behind(session, settings, token) is None:
            raise LinkSpent
        try:
            user = password_resets.use(session, settings, token, password)
        except NotUsable as unusable:
            raise Refused(422, str(unusable), [FieldError("password", str(unusable))]) from None
        try:
            return user, Cookie(people.log_in(session, user, tenant_of(session, user)))
        except NoTenant:
            return user, None


def setup_token(settings: Settings) -> str:
    """Of use while nobody has an account; printed for whoever runs the installation."""
    return entry_tokens.token(settings.derived(SETUP_KEY), issue=1)


def require_setup(settings: Settings, token: str) -> None:
    with records.session(settings, Role.CONSOLE) as session:
        if people.exist(session) or not entry_tokens.fits(token, settings.derived(SETUP_KEY), issue=1):
            raise LinkSpent


def is_empty(settings: Settings, role: Role = Role.CONSOLE) -> bool:
    with records.session(settings, role) as session:
        return not people.exist(session)


def set_up(
    settings: Settings, token: str, *, slug: str, wanted: Change, email: str, name: str, password: str
) -> Cookie:
    """The first tenant and its Admin, signed in; of two who do it at a time, one does."""
    with records.session(settings, Role.CONSOLE) as session:
        turns.take(session, turns.Turn.SETTING_UP, HOUSE)
        if people.exist(session) or not entry_tokens.fits(token, settings.derived(SETUP_KEY), issue=1):
            raise LinkSpent
        try:
            user = people.open_account(session, email.strip().lower(), name, password)
        except NotUsable as unusable:
            raise Refused(422, str(unusable), [FieldError("password", str(unusable))]) from None
        number = UserId(user.id)
        actor = people.of_person(number)
        enter_person(session, number)
        try:
            tenant = tenants.open_another(session, actor, slug, wanted)
        except NotUsable as unusable:
            raise Refused(422, str(unusable), [FieldError("slug", str(unusable))]) from None
        people.join(session, actor, TenantId(tenant.id), number, MemberRole.ADMIN)
        return Cookie(people.log_in(session, user, TenantId(tenant.id)))
