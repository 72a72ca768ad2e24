"""What a person sees when something outside the code is wrong: one line for the cause, one for the mend."""


class Fault(Exception):
    """A store does not answer, or refuses; base of what `resources` raises. The text is one sentence for people."""


class Problem(Exception):
    """A fault that the person at the keyboard can mend; printed without a stack trace, exit code 1.

    `cause` says what is wrong, `mend` says what to do next. Both are one sentence without secrets.
    """

    def __init__(self, cause: str, mend: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.cause} {self.mend}".strip()
