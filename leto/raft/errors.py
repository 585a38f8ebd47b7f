"""What a caller of the core can do wrong.

    LetoError                    the caller broke a rule; nothing has changed
    ├── InvalidConfig            a setting that makes no sense
    ├── InvalidRestored          a disk that cannot have been ours
    ├── ClockWentBack            `now` is smaller than the one before
    └── EventOutOfOrder          an event that answers no order of ours

What a *peer* does wrong is answered with a value (a refusal), never with an
exception; what *we* do wrong is an `assert`.
"""


class LetoError(Exception):
    """The caller broke a rule. The node's state is what it was before."""


class InvalidConfig(LetoError, ValueError):
    """A `Config` contradicts itself."""


class InvalidRestored(LetoError, ValueError):
    """A `Restored` has gaps or terms out of order: the disk was misread."""


class ClockWentBack(LetoError, ValueError):
    """`now` must be monotonic."""


class EventOutOfOrder(LetoError, ValueError):
    """The event answers an order that was never given, or was answered before."""
