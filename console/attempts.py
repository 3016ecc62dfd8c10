"""How often someone may try to sign in: bounded by account and by address, in this process."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

WINDOW_SECONDS = 300
PER_ACCOUNT = 10
PER_ADDRESS = 50
_MOST_REMEMBERED = 50_000


class TooManyAttempts(Exception):
    """Try again after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many attempts to sign in; try again in {seconds} s.")
        self.seconds = seconds


class Attempts:
    """Attempts of the last minutes by key; the key least recently tried is forgotten first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tried: OrderedDict[str, deque[float]] = OrderedDict()

    def count(self, account: str, address: str) -> None:
        """Counts an attempt before the password is looked at, so that parallel ones count too."""
        with self._lock:
            for key, most in ((_account(account), PER_ACCOUNT), (f"address:{address}", PER_ADDRESS)):
                self._count(key, most)

    def forgive(self, account: str) -> None:
        """The right password was given."""
        with self._lock:
            self._tried.pop(_account(account), None)

    def _count(self, key: str, most: int) -> None:
        now = self._clock()
        tried = self._tried.setdefault(key, deque(maxlen=most))
        self._tried.move_to_end(key)
        while tried and tried[0] <= now - WINDOW_SECONDS:
            tried.popleft()
        if len(tried) >= most:
            raise TooManyAttempts(max(1, round(tried[0] + WINDOW_SECONDS - now)))
        tried.append(now)
        if len(self._tried) > _MOST_REMEMBERED:
            self._tried.popitem(last=False)


def _account(email: str) -> str:
    return f"account:{email.strip().lower()}"
