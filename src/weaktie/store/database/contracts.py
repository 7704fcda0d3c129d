"""What callers may rely on of the database."""

from weaktie.kit.errors import Unavailable
from weaktie.kit.words import Words


class DatabaseUnavailable(Unavailable):
    """The database does not answer or is locked past its time; nothing of the transaction was kept."""

    def __init__(self, why: str) -> None:
        super().__init__(
            "database_unavailable",
            Words("数据库暂时不可用，请稍后再试。", "The database is not available; try again."),
        )
        self.why = why
