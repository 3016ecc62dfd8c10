"""Keeping within what providers allow: each call of a connection is counted before it is made, for all processes together."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import httpx

from connectors import CONNECTORS
from connectors.budgets import CallBudget, budgets_of
from connectors.errors import QuotaExhausted, Scope
from connectors.face import Channel
from connectors.retries import Patience
from store import records
from store.records import call_budgets
from store.records.call_budgets import Allowance, Spent, UsedUp
from store.records.connections import Connection
from store.settings import Role, Settings, SettingsError


def within_budgets(
    settings: Settings, role: Role, row: Connection, http: httpx.Client, patience: Patience
) -> httpx.Client:
    """A client that asks through the one given, once a call is counted; a channel without budgets keeps that one."""
    budgets = budgets_here(settings, Channel(row.channel))
    if not budgets:
        return http
    return httpx.Client(
        transport=_Counted(settings, role, row, budgets, http, patience),
        headers=http.headers,
        timeout=http.timeout,
        cookies=http.cookies.jar,
        trust_env=False,
    )


def budgets_here(settings: Settings, channel: Channel) -> list[CallBudget]:
    """The channel's budgets with what this house says of them."""
    declared = budgets_of(CONNECTORS[channel])
    said = settings.call_budgets.get(channel, {})
    if unknown := set(said) - {budget.name for budget in declared}:
        known = ", ".join(budget.name for budget in declared) or "none"
        raise SettingsError(f"CALL_BUDGETS: {channel} has no {min(unknown)!r}, it has {known}")
    budgets = [replace(budget, most=said.get(budget.name, budget.most)) for budget in declared]
    return [budget for budget in budgets if budget.most]


def quotas(
    settings: Settings, session: records.Session, row: Connection, accounts: Iterable[str] = ()
) -> list[Spent]:
    """How much is spent of what a connection and the accounts read through it may ask, for people to look at."""
    channel = Channel(row.channel)
    budgets = budgets_here(settings, channel)
    subjects = {Scope.APP: [""], Scope.USER: [_of_connection(row, "")], Scope.ACCOUNT: list(accounts)}
    return call_budgets.spent(
        session,
        [
            _allowance(channel, budget, subject)
            for budget in budgets
            for subject in subjects.get(budget.scope, ())
        ],
    )


class _Counted(httpx.BaseTransport):
    """Hands a request on to the client once every budget it belongs to has room for it."""

    def __init__(
        self,
        settings: Settings,
        role: Role,
        row: Connection,
        budgets: Sequence[CallBudget],
        http: httpx.Client,
        patience: Patience,
    ) -> None:
        self._settings, self._role = settings, role
        self._row, self._channel = row, Channel(row.channel)
        self._budgets, self._http, self._patience = budgets, http, patience

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        allowances = list(self._allowances(request))
        if allowances:
            self._wait_for_room(allowances)
        return self._http.send(request, stream=True)

    def _allowances(self, request: httpx.Request) -> Iterable[Allowance]:
        for budget in self._budgets:
            subject = budget.of(request)
            if subject is None:
                continue
            if budget.scope is Scope.USER:
                subject = _of_connection(self._row, subject)
            yield _allowance(self._channel, budget, subject)

    def _wait_for_room(self, allowances: Sequence[Allowance]) -> None:
        """Waits where that is short; what takes longer than our patience is for another time."""
        waited = 0.0
        while (used := self._refused(allowances)) is not None:
            if not self._patience.bears(used.wait, waited):
                raise QuotaExhausted(
                    what=f"our own limit of {used.allowance.most} calls ({used.allowance.budget}) is reached",
                    where=CONNECTORS[self._channel].title,
                    reset_at=used.until,
                )
            self._patience.sleep(used.wait)
            waited += used.wait

    def _refused(self, allowances: Sequence[Allowance]) -> UsedUp | None:
        """Counted and kept, whatever becomes of the call; or what is used up, and nothing counted."""
        try:
            with records.session(self._settings, self._role) as session:
                call_budgets.spend(session, allowances)
        except UsedUp as used:
            return used
        return None


def _allowance(channel: Channel, budget: CallBudget, subject: str) -> Allowance:
    return Allowance(channel, budget.name, subject, budget.most, budget.per, budget.until_midnight_in)


def _of_connection(row: Connection, subject: str) -> str:
    return f"{row.id}/{subject}"
