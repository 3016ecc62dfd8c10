"""Campaigns and budgets of the sandbox's Google Ads, and what a mutate does to them: all of it or nothing."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.face import Channel
from connectors.sandbox import google_ads_operations as operations
from connectors.sandbox import google_ads_rows as rows
from connectors.sandbox.campaigns import Campaigns, Standing
from connectors.sandbox.gaql import Row
from connectors.sandbox.google_ads_refusals import Error, Refused
from connectors.sandbox.world import AdAccount, accounts_of

LONGEST_NAME = 255
_NO_NAME = re.compile(r"[\x00\n\r]")
_MOMENT = "%Y-%m-%d %H:%M:%S"


@dataclass(slots=True)
class Budget:
    id: str
    micros: int
    is_shared: bool


Budgets = dict[str, Budget]


class GoogleAdsCampaigns:
    """By account; a campaign's budget is named in what else is known of it."""

    def __init__(self, book: Campaigns, clock: Callable[[], datetime]) -> None:
        self._book, self._clock = book, clock
        self._budgets: dict[str, Budgets] = {}
        for known in accounts_of(Channel.GOOGLE_ADS):
            self._budgets[known.id] = {}
            for campaign in book.of(known.id):
                own = Budget(f"8{campaign.id}", campaign.budget_micros or 0, is_shared=False)
                self._budgets[known.id][own.id] = own
                campaign.more["budget"] = own.id

    def rows(self, known: AdAccount) -> Iterator[Row]:
        """What was removed comes as well, for whoever does not rule it out."""
        today = self._today(known)
        for campaign in self._book.of(known.id):
            budget = self._budgets[known.id][str(campaign.more["budget"])]
            yield rows.campaign(known, campaign, budget.id, budget.micros, today, is_shared=budget.is_shared)
        for campaign in known.gone:
            removed = Standing(campaign.id, campaign.name, is_running=False, budget_micros=None)
            yield {
                **rows.campaign(known, removed, f"8{campaign.id}", 1_000_000, today, is_shared=False),
                "campaign.status": "REMOVED",
                "campaign.primary_status": "REMOVED",
            }

    def targets(self, known: AdAccount, number: str) -> list[str]:
        """The places and languages that a campaign was told."""
        campaign = self._book.named(known.id, number)
        targets = campaign.more.get("targets") if campaign else None
        return targets if isinstance(targets, list) else []

    def _today(self, known: AdAccount) -> date:
        return self._clock().astimezone(ZoneInfo(known.time_zone)).date()

    def mutate(self, known: AdAccount, body: bytes) -> dict[str, Any]:
        told = operations.read(body)
        plan = _Plan(known, self._book, self._budgets[known.id], self._today(known))
        results = [plan.look_at(at, each) for at, each in enumerate(told.mutate_operations)]
        if plan.errors:
            raise Refused(400, *plan.errors, message="Request contains an invalid argument.")
        if told.validate_only:
            return {}
        plan.carry_out()
        return {"mutateOperationResponses": results}


class _Plan:
    """Everything that one request asks for is looked at before anything of it is done."""

    def __init__(self, known: AdAccount, book: Campaigns, budgets: Budgets, today: date) -> None:
        self.errors: list[Error] = []
        self._known, self._book, self._today = known, book, today
        self._budgets = budgets
        self._made_budgets: Budgets = {}
        self._made: dict[str, Standing] = {}
        self._effects: list[Callable[[], None]] = []
        self._at = 0

    def carry_out(self) -> None:
        for effect in self._effects:
            effect()

    def look_at(self, at: int, operation: operations.Operation) -> dict[str, Any]:
        self._at = at
        match operation:
            case operations.Operation(campaign_budget_operation=operations.BudgetOperation() as told):
                return {"campaignBudgetResult": self._budget(told)}
            case operations.Operation(campaign_operation=operations.CampaignOperation() as told):
                return {"campaignResult": self._campaign(told)}
            case operations.Operation(campaign_criterion_operation=operations.CriterionOperation() as told):
                return {"campaignCriterionResult": self._criterion(told.create)}
            case _:
                return self._no_operation("")

    def _no_operation(self, field: str) -> dict[str, Any]:
        message = "Mutate operations must have 'create', 'update', or 'remove' specified."
        return self._refuse(field, "requestError", "OPERATION_REQUIRED", message)

    def _budget(self, told: operations.BudgetOperation) -> dict[str, Any]:
        where = "campaign_budget_operation"
        if told.create:
            return self._create_budget(told.create, f"{where}.create")
        if told.update is None:
            return self._no_operation(where)
        if not self._masked(told.update_mask, "amountMicros", where):
            return {}
        budget = self._budget_named(told.update.resource_name)
        if budget is None:
            return self._not_found(f"{where}.update.resource_name")
        self._look_at_amount(told.update.amount_micros, f"{where}.update.amount_micros")
        micros = told.update.amount_micros or 0
        self._effects.append(lambda: self._set_budget(budget, micros))
        return {"resourceName": told.update.resource_name}

    def _set_budget(self, budget: Budget, micros: int) -> None:
        budget.micros = micros
        for campaign in self._book.of(self._known.id):
            if campaign.more["budget"] == budget.id and not budget.is_shared:
                self._book.set_budget(self._known.id, campaign, micros)

    def _create_budget(self, told: operations.Budget, where: str) -> dict[str, Any]:
        if len(told.name.strip().encode()) > LONGEST_NAME:
            self._refuse(f"{where}.name", "stringLengthError", "TOO_LONG", "Too long.")
        if told.explicitly_shared and not told.name:
            self._required(f"{where}.name")
        self._look_at_amount(told.amount_micros, f"{where}.amount_micros")
        budget = Budget(self._book.new_id(), told.amount_micros or 0, told.explicitly_shared)
        name = self._name("campaignBudgets", budget.id)
        self._made_budgets[told.resource_name or name] = budget
        self._effects.append(lambda: self._budgets.update({budget.id: budget}))
        return {"resourceName": name}

    def _look_at_amount(self, micros: int | None, field: str) -> None:
        family = "campaignBudgetError"
        if micros is None:
            self._required(field)
        elif micros <= 0:
            self._refuse(field, family, "NEGATIVE_MONEY_AMOUNT", "A money amount was negative.")
        elif micros % self._unit:
            message = "A money amount was not a multiple of a minimum unit."
            self._refuse(field, family, "NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT", message)

    @property
    def _unit(self) -> int:
        return 10 ** (6 - self._known.decimals)

    def _campaign(self, told: operations.CampaignOperation) -> dict[str, Any]:
        where = "campaign_operation"
        if told.create:
            return self._create_campaign(told.create, f"{where}.create")
        if told.update is None:
            return self._no_operation(where)
        if not self._masked(told.update_mask, "status", where):
            return {}
        campaign = self._campaign_named(told.update.resource_name)
        if campaign is None:
            return self._not_found(f"{where}.update.resource_name")
        runs = told.update.status == "ENABLED"
        self._effects.append(lambda: self._book.switch(self._known.id, campaign, is_running=runs))
        return {"resourceName": told.update.resource_name}

    def _create_campaign(self, told: operations.Campaign, where: str) -> dict[str, Any]:
        self._look_at_name(told.name, f"{where}.name")
        for field in ("advertising_channel_type", "contains_eu_political_advertising"):
            if not getattr(told, field):
                self._required(f"{where}.{field}")
        self._look_at_bidding(told, where)
        until = self._last_day(told.end_date_time, f"{where}.end_date_time")
        budget = self._budget_to_spend(told.campaign_budget, f"{where}.campaign_budget")
        if budget is None:
            return {}
        made = Standing(
            self._book.new_id(),
            told.name,
            is_running=told.status == "ENABLED",
            budget_micros=None if budget.is_shared else budget.micros,
            until=until,
            more={"budget": budget.id, "targets": [], "told": told},
        )
        name = self._name("campaigns", made.id)
        self._made[told.resource_name or name] = made
        self._effects.append(lambda: self._book.make(self._known.id, made))
        return {"resourceName": name}

    def _look_at_name(self, name: str, field: str) -> None:
        if not name:
            self._required(field)
        if len(name) > LONGEST_NAME:
            self._refuse(field, "stringLengthError", "TOO_LONG", "Too long.")
        if _NO_NAME.search(name):
            self._refuse(field, "stringFormatError", "ILLEGAL_CHARS", "Contains illegal characters.")
        others = (*self._book.of(self._known.id), *self._made.values())
        if any(other.name == name for other in others):
            message = "The campaign name is already assigned to another active or paused campaign."
            self._refuse(field, "campaignError", "DUPLICATE_CAMPAIGN_NAME", message)

    def _look_at_bidding(self, told: operations.Campaign, where: str) -> None:
        if (told.manual_cpc is None) == (told.target_spend is None):
            self._required(f"{where}.campaign_bidding_strategy")
        ceiling = told.target_spend.cpc_bid_ceiling_micros if told.target_spend else None
        if ceiling is not None and (ceiling <= 0 or ceiling % self._unit):
            field = f"{where}.target_spend.cpc_bid_ceiling_micros"
            message = "Bid must be a multiple of billable unit."
            self._refuse(field, "currencyError", "VALUE_NOT_MULTIPLE_OF_BILLABLE_UNIT", message)

    def _last_day(self, moment: str, field: str) -> date | None:
        if not moment:
            return None
        try:
            last = datetime.strptime(moment, _MOMENT)  # noqa: DTZ007 - a moment in the account's own zone
        except ValueError:
            message = "The date time's format should be yyyy-mm-dd hh:mm:ss."
            self._refuse(field, "dateError", "INVALID_STRING_DATE_TIME_SECONDS", message)
            return None
        if not moment.endswith("23:59:59"):
            value = "DATE_RANGE_ERROR_END_TIME_MUST_BE_THE_END_OF_A_DAY"
            self._refuse(field, "dateError", value, "A campaign ends with a day.")
        if last.date() < self._today:
            message = "A date cannot be set into the past."
            self._refuse(field, "campaignError", "CANNOT_SET_DATE_TO_PAST", message)
        return last.date()

    def _budget_to_spend(self, name: str, field: str) -> Budget | None:
        budget = self._budget_named(name)
        if budget is None:
            self._not_found(field)
            return None
        spenders = (*self._book.of(self._known.id), *self._made.values())
        if not budget.is_shared and any(other.more["budget"] == budget.id for other in spenders):
            value = "CANNOT_USE_IMPLICITLY_SHARED_CAMPAIGN_BUDGET_WITH_MULTIPLE_CAMPAIGNS"
            message = "Only explicitly shared campaign budgets can be used with multiple campaigns."
            self._refuse(field, "campaignBudgetError", value, message)
        return budget

    def _criterion(self, told: operations.Criterion) -> dict[str, Any]:
        where = "campaign_criterion_operation.create"
        campaign = self._campaign_named(told.campaign)
        if campaign is None:
            return self._not_found(f"{where}.campaign")
        kind, constants = ("location", rows.GEO_TARGETS) if told.location else ("language", rows.LANGUAGES)
        if told.constant not in constants:
            return self._not_found(f"{where}.{kind}")
        targets = campaign.more.setdefault("targets", [])
        assert isinstance(targets, list)
        self._effects.append(lambda: targets.append(told.constant))
        number = told.constant.rpartition("/")[2]
        return {"resourceName": self._name("campaignCriteria", f"{campaign.id}~{number}")}

    def _masked(self, mask: str, only: str, where: str) -> bool:
        """Whether the mask names the one field that the sandbox changes."""
        if not mask:
            message = "The field mask must be provided for update operations."
            self._refuse(f"{where}.update_mask", "fieldMaskError", "FIELD_MASK_MISSING", message)
        elif mask != only:
            message = "The field mask contained an invalid field."
            self._refuse(f"{where}.update_mask", "fieldMaskError", "FIELD_NOT_FOUND", message)
        return mask == only

    def _budget_named(self, name: str) -> Budget | None:
        return self._made_budgets.get(name) or self._budgets.get(self._number(name, "campaignBudgets"))

    def _campaign_named(self, name: str) -> Standing | None:
        number = self._number(name, "campaigns")
        return self._made.get(name) or self._book.named(self._known.id, number)

    def _number(self, name: str, kind: str) -> str:
        return name.removeprefix(self._name(kind, ""))

    def _name(self, kind: str, number: str) -> str:
        return f"customers/{self._known.id}/{kind}/{number}"

    def _required(self, field: str) -> dict[str, Any]:
        return self._refuse(field, "fieldError", "REQUIRED", "The required field was not present.")

    def _not_found(self, field: str) -> dict[str, Any]:
        return self._refuse(field, "mutateError", "RESOURCE_NOT_FOUND", "Resource was not found.")

    def _refuse(self, field: str, family: str, value: str, message: str) -> dict[str, Any]:
        self.errors.append(Error(family, value, message, self._at, field))
        return {}
