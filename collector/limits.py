"""How much comes from one address or by one key: counted by windows of ten seconds, in this process."""

from collections import defaultdict
from time import perf_counter

from collector.refusals import Reason, Refused

WINDOW_SECONDS = 10


class Window:
    """Counts that begin anew every ten seconds; what is forgotten with them bounds the memory."""

    def __init__(self) -> None:
        self._number = 0
        self._counts: defaultdict[object, int] = defaultdict(int)

    def add(self, who: object, amount: int, moment: float) -> int:
        """What has come from whom in this window, the new amount included; the moment is perf_counter's."""
        number = int(moment) // WINDOW_SECONDS
        if number != self._number:
            self._number = number
            self._counts.clear()
        come = self._counts[who] = self._counts[who] + amount
        return come


def refuse_beyond(quota: int, come: int, what: str, tenant_id: int = 0) -> None:
    """Raises Refused when more than the quota a second has come in a window; 0 bounds nothing."""
    if quota and come > quota * WINDOW_SECONDS:
        wait = WINDOW_SECONDS - int(perf_counter()) % WINDOW_SECONDS
        raise Refused(
            Reason.OVER_QUOTA,
            f"More than {quota} events a second from this {what}; send the rest in {wait} s.",
            tenant_id,
            retry_after=wait,
        )
