"""Who may sign in to the demo, and the keys of its pages and servers: all derived, none written down."""

from cli.demo import shop
from cli.demo.presence import ensure, find
from store import passwords, secrets
from store.records import Session
from store.records.collector_keys import CollectorKey, KeyKind
from store.records.people import MemberRole, Membership, User, user_with
from store.records.schema import TenantId, UserId
from store.settings import Service, Settings, SettingsError

_NAMES = {
    MemberRole.ADMIN: "Ada Admin",
    MemberRole.MARKETER: "Mia Marketer",
    MemberRole.APPROVER: "Amir Approver",
    MemberRole.ANALYST: "Ana Analyst",
    MemberRole.VIEWER: "Vito Viewer",
}


def refuse_in_production(settings: Settings) -> None:
    """The demo's passwords follow from the installation's secret and are shown to whoever asks."""
    if settings.production:
        raise SettingsError("ENVIRONMENT: the demo tenant is for development; production does not have it.")


def email(role: MemberRole) -> str:
    return f"{role}@demo.example"


def password(settings: Settings, role: MemberRole) -> str:
    """Four groups of four: short enough to be typed from the terminal."""
    digits = settings.derived(f"demo:{email(role)}").hex()
    return "-".join(digits[start : start + 4] for start in range(0, 16, 4))


def log_ins(settings: Settings) -> dict[str, dict[str, str]]:
    """Address and password by role."""
    refuse_in_production(settings)
    return {role.value: {"email": email(role), "password": password(settings, role)} for role in MemberRole}


def keys(settings: Settings) -> dict[str, str]:
    """What the demo's pages and servers show the collector."""
    refuse_in_production(settings)
    return {
        "browser_key": f"pk_demo_{settings.derived('demo:browser-key').hex()[:24]}",
        "server_key": f"sk_demo_{settings.derived('demo:server-key').hex()[:24]}",
        "server_secret": settings.derived("demo:server-secret").hex(),
    }


def settle(session: Session, settings: Settings, tenant: TenantId) -> dict[MemberRole, UserId]:
    """The five users with their roles, and the two keys."""
    users = {role: _user(session, settings, tenant, role) for role in MemberRole}
    _keys(session, settings, tenant)
    return users


def _user(session: Session, settings: Settings, tenant: TenantId, role: MemberRole) -> UserId:
    chosen = password(settings, role)
    user = find(session, User, email=email(role))
    if user is None or user_with(session, email(role), chosen) is None:
        user = ensure(
            session, User, {"email": email(role)}, name=_NAMES[role], password_hash=passwords.hashed(chosen)
        )
    ensure(session, Membership, {"tenant_id": tenant, "user_id": user.id}, role=role)
    return UserId(user.id)


def _keys(session: Session, settings: Settings, tenant: TenantId) -> None:
    shown = keys(settings)
    site = settings.address(Service.DEMO_SITE)
    origins = [site, site.replace("127.0.0.1", "localhost"), settings.address(Service.COLLECTOR)]
    owner = {"tenant_id": tenant, "public_key": shown["browser_key"]}
    ensure(session, CollectorKey, owner, kind=KeyKind.BROWSER, origins=origins)
    owner = {"tenant_id": tenant, "public_key": shown["server_key"]}
    if find(session, CollectorKey, **owner) is None:
        sealed = secrets.encrypt(
            settings.derived("collector-keys"), shown["server_secret"], bound_to=shown["server_key"]
        )
        ensure(session, CollectorKey, owner, kind=KeyKind.SERVER, secret_sealed=sealed, origins=[])


def tenant_name() -> str:
    return f"{shop.NAME} (demo)"
