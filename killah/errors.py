"""The one error a user sees: what happened, and what to do next."""


class KillahError(Exception):
    """A failure the user can understand. Printed as one line; anything else is a bug.

    `what` says what happened, `hint` what to do next (may be empty).
    """

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(f"{what} {hint}".strip())
        self.what = what
        self.hint = hint
