"""Refused requests: every refusal has a stable code, a place and words in both languages."""

from weaktie.kit.words import Words


class Refused(Exception):
    """A request that is refused by a rule; it is the caller's to mend.

    `code` is stable and snake_case, `status` the HTTP status, `place` names the field, column or line.
    """

    status = 400

    def __init__(self, code: str, words: Words, *, place: str = "", status: int | None = None) -> None:
        super().__init__(f"{code}: {words.en}" + (f" (at {place})" if place else ""))
        self.code = code
        self.words = words
        self.place = place
        if status is not None:
            self.status = status

    def as_dict(self) -> dict[str, object]:
        """The body of the HTTP answer: `{"error": {"code", "message": {"zh","en"}, "place"}}`."""
        return {"error": {"code": self.code, "message": self.words.as_dict(), "place": self.place}}


class NotFound(Refused):
    """There is no such thing, or the caller may not know of it."""

    status = 404


class Forbidden(Refused):
    """The caller is known and may not do this."""

    status = 403


class NotSignedIn(Refused):
    """No valid session or key came with the request."""

    status = 401


class Conflict(Refused):
    """The request contradicts what is already stored."""

    status = 409


class TooMany(Refused):
    """A rate limit; `retry_after_s` says when to come back."""

    status = 429

    def __init__(self, code: str, words: Words, *, retry_after_s: int, place: str = "") -> None:
        super().__init__(code, words, place=place)
        self.retry_after_s = retry_after_s


class Unavailable(Refused):
    """A part that the request needs does not work now (disk full, database away); try again."""

    status = 503
