"""Why a question has no answer: it cannot be asked like this, or what it reads has not been built yet."""


class Unanswerable(ValueError):
    """The question as it was asked; `field` is the part of it that is wrong."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}.")
        self.field = field
        self.reason = reason


class NotBuilt(Exception):
    """The models behind the question have not been built for the first time."""

    def __init__(self) -> None:
        super().__init__("The warehouse has not been built yet; its first run makes what this is read from.")
