"""What is said of something that a link cannot be made of."""


class NotUsable(ValueError):
    """Something cannot be used; the text says why and what to do, and may be shown to whoever gave it."""
