"""How much of what Meta allows is used up, by the headers of its answers, and how long to leave it alone then."""

from itertools import chain
from typing import TypeVar

import httpx
import msgspec

_SLOWS_FROM, _STOPS_AT = 75.0, 95.0
_LONGEST_BELIEVED = 86_400.0
# Where a header says how much is used and not when there is more.
_USUAL_PAUSE = 60.0

_ONE_USE = ("x-app-usage", "x-ad-account-usage", "x-fb-ads-insights-throttle")
_USES_BY_BUSINESS = "x-business-use-case-usage"

Shape = TypeVar("Shape")


class _Use(msgspec.Struct):
    """Percent of a budget, under the names that one header or another has for it."""

    call_count: float = 0
    total_time: float = 0
    total_cputime: float = 0
    app_id_util_pct: float = 0
    acc_id_util_pct: float = 0
    estimated_time_to_regain_access: float = 0
    """Minutes."""
    reset_time_duration: float = 0
    """Seconds."""

    @property
    def percent(self) -> float:
        return max(
            self.call_count, self.total_time, self.total_cputime, self.app_id_util_pct, self.acc_id_util_pct
        )

    @property
    def regained_in(self) -> float:
        """Seconds; 0 where it is not said."""
        told = max(self.estimated_time_to_regain_access * 60, self.reset_time_duration)
        return told if 0 < told <= _LONGEST_BELIEVED else 0.0


def pause_wanted(headers: httpx.Headers) -> float:
    """Seconds to wait before the next question: none below 75 %, all that it takes to regain access from 95 % on."""
    return max(
        (_share(use.percent) * (use.regained_in or _USUAL_PAUSE) for use in _uses(headers)), default=0.0
    )


def time_to_regain(headers: httpx.Headers) -> float | None:
    """The longest wait that any of the headers asks for."""
    return max((use.regained_in for use in _uses(headers)), default=0.0) or None


def _share(percent: float) -> float:
    return min(1.0, max(0.0, (percent - _SLOWS_FROM) / (_STOPS_AT - _SLOWS_FROM)))


def _uses(headers: httpx.Headers) -> list[_Use]:
    by_business = _read(headers, _USES_BY_BUSINESS, dict[str, list[_Use]]) or {}
    alone = (_read(headers, name, _Use) for name in _ONE_USE)
    return [use for use in (*alone, *chain.from_iterable(by_business.values())) if use is not None]


def _read(headers: httpx.Headers, name: str, shape: type[Shape]) -> Shape | None:
    """A header that is not there, or not what Meta documents, says nothing."""
    try:
        return msgspec.json.decode(headers[name], type=shape, strict=False)
    except (KeyError, msgspec.DecodeError, RecursionError):
        return None
