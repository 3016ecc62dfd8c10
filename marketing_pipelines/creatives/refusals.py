"""What is said to whoever hands in what cannot be kept."""


class NotACreative(ValueError):
    """The file, or what is said of it, is none that is taken; the text says why."""
