"""Every error Xundan raises on purpose. Three kinds are told apart by type, because the caller's answer differs:

`Rejected`: the input is wrong and stays wrong; answer 4xx and keep it where it can be found.
`Overloaded`: slow down and come again; answer 429 or 503 with `Retry-After`.
`Retryable`: something we depend on is away; nothing was acknowledged; try again later.
"""


class XundanError(Exception):
    """Root of all errors that Xundan raises on purpose; its text is one sentence fit for a user."""


class ConfigError(XundanError):
    """A setting is missing or wrong; the text names the setting, its source and what was expected."""


class Rejected(XundanError):
    """Input that is wrong and will stay wrong.

    Args:
        reason: one sentence that says what was expected.
        field: the field's name as the caller wrote it, or "" where no single field is to blame.
        code: a stable machine-readable word, e.g. `invalid_field`, `too_late`, `unusable_id`.
    """

    def __init__(self, reason: str, *, field: str = "", code: str = "invalid_field") -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field
        self.code = code


class Overloaded(XundanError):
    """More work than can be taken now. `retry_after` is in seconds."""

    def __init__(self, reason: str, *, retry_after: float = 1.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Retryable(XundanError):
    """A part we depend on (disk, broker, store) failed; nothing was acknowledged. `retry_after` is in seconds."""

    def __init__(self, reason: str, *, retry_after: float = 5.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class MissingExtra(XundanError):
    """An optional part is not installed; the text ends with the command that installs it."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional part that is not installed: pip install 'xundan[{extra}]'")
