"""What the worker does for the ledger now and then."""

from collections.abc import Sequence

from weaktie.kit.clock import MINUTE_US, Clock
from weaktie.kit.logs import get_logger
from weaktie.store.database.service import Database
from weaktie.trust.ledger.contracts import Check
from weaktie.trust.ledger.invariants import More, check_now, last_check
from weaktie.trust.ledger.service import Ledger

_LOG = get_logger("ledger")
CHECK_EVERY_US = 10 * MINUTE_US
SHARE = 100
"""A check may take one part in so many of the time: a ledger that is long to read is read less often."""


def void_overdue(database: Database, ledger: Ledger) -> int:
    """Void holds whose time has passed; returns how many."""
    done = 0
    while True:
        with database.begin() as tx:
            part = ledger.void_overdue(tx)
        done += part
        if part == 0:
            return done


def is_check_due(database: Database, clock: Clock) -> bool:
    """Whether the last check is old enough for another."""
    with database.connect() as connection:
        last = last_check(connection)
    now_us = clock.now_us()
    return last is None or not 0 <= now_us - last.at_us < max(CHECK_EVERY_US, SHARE * last.ms * 1_000)


def check_if_due(database: Database, clock: Clock, more: Sequence[More] = ()) -> Check | None:
    """Check the ledger when the last check is old enough; what fails is an alarm in the log and in the console."""
    if not is_check_due(database, clock):
        return None
    found = check_now(database, clock, more)
    for problem in found.problems:
        _LOG.error(
            "ledger_wrong", invariant=problem.code, count=problem.count, examples=list(problem.examples)
        )
    return found
