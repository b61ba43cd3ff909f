"""What can go wrong while the local stack starts, said so that a reader can act on it."""


class StackError(Exception):
    """The stack cannot start; the text says why and what to do."""


class UsageError(StackError):
    """What was asked for cannot be had: a port in use, a data folder in use, a malformed value."""
