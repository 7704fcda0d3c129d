"""Many posters, one commit: postings that wait together are written in one transaction, and each is answered only after it."""

import threading
from collections import deque
from concurrent.futures import Future

from weaktie.kit.clock import Clock
from weaktie.kit.errors import Refused
from weaktie.store.database.service import Database
from weaktie.trust.ledger.contracts import Posting, Transfer
from weaktie.trust.ledger.writing import write

MOST_A_COMMIT = 512
_Asked = tuple[Posting, "Future[Transfer]"]


class Poster:
    """A thread that writes postings in groups.

    A group is what has gathered while the one before was written, `most` at the most: a lone posting waits for nobody, and under
    load the price of a durable commit is shared. When a commit fails, none of its group is answered as posted.
    """

    def __init__(self, database: Database, clock: Clock, *, most: int = MOST_A_COMMIT) -> None:
        self._database, self._clock, self._most = database, clock, most
        self._waiting: deque[_Asked] = deque()
        self._wake = threading.Condition()
        self._stopped = False
        self.commits = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def submit(self, posting: Posting) -> "Future[Transfer]":
        """The transfer, once it is durable; the future raises what refused it."""
        asked: Future[Transfer] = Future()
        with self._wake:
            assert not self._stopped, "the poster was stopped"
            self._waiting.append((posting, asked))
            self._wake.notify()
        return asked

    def stop(self) -> None:
        """Write what waits, then end."""
        with self._wake:
            self._stopped = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._waiting and not self._stopped:
                    self._wake.wait()
                if not self._waiting:
                    return
                group = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
            self._write(group)

    def _write(self, group: list[_Asked]) -> None:
        try:
            with self._database.begin() as tx:
                outcomes = write(tx, self._clock.now_us(), [posting for posting, _ in group])
        except Exception as error:  # noqa: BLE001  whatever it was, nothing of the group was kept, and each is told
            for _, asked in group:
                asked.set_exception(error)
            return
        self.commits += 1
        for (_, asked), outcome in zip(group, outcomes, strict=True):
            if isinstance(outcome, Refused):
                asked.set_exception(outcome)
            else:
                asked.set_result(outcome)
