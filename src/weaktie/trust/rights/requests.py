"""The queue of what people ask for by right: states, deadlines, steps, proof."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, func, insert, or_, select, update

from weaktie.kit.clock import Clock
from weaktie.kit.errors import Conflict, NotFound, Refused
from weaktie.kit.ids import new_id
from weaktie.kit.logs import mask
from weaktie.kit.pages import Page, page_size, read_cursor, write_cursor
from weaktie.kit.settings import Settings
from weaktie.kit.words import Words
from weaktie.trust.rights.contracts import (
    CLOSED,
    KINDS,
    NEXT_STATES,
    Person,
    Request,
    RequestStep,
)
from weaktie.trust.rights.logic import due_instant, request_proof
from weaktie.trust.rights.tables import rights_requests, rights_steps
from weaktie.trust.vault.service import Vault


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter of the queue."""

    state: str | None = None
    kind: str | None = None
    overdue: bool = False
    open_only: bool = False
    search: str | None = None


class Requests:
    """Requests and their steps. What the person wrote lies in the vault under their key."""

    def __init__(self, clock: Clock, vault: Vault, settings: Settings) -> None:
        self._clock, self._vault, self._settings = clock, vault, settings

    def open(
        self, tx: Connection, person: Person, kind: str, *, channel: str, actor: str, text: str = ""
    ) -> Request:
        """Take a request in; the deadline runs from now. A person has one open request of a kind at a time: raises Conflict
        `already_asked`, and Refused `bad_kind`."""
        if kind not in KINDS:
            raise Refused(
                "bad_kind", Words("没有这种请求。", "There is no such kind of request."), place="kind"
            )
        twin = select(rights_requests.c.request_id).where(
            rights_requests.c.alias_no.in_(person.alias_nos), rights_requests.c.kind == kind,
            rights_requests.c.state.not_in(CLOSED),
        )  # fmt: skip
        if tx.execute(twin).first() is not None:
            raise Conflict(
                "already_asked", Words("同类请求正在处理中。", "A request of this kind is open already."), place="kind"
            )  # fmt: skip
        now_us = self._clock.now_us()
        request_id = new_id("rrq", now_us)
        rules = self._settings.consent
        tx.execute(
            insert(rights_requests).values(
                request_id=request_id, kind=kind, state="received", channel=channel, alias_no=person.person_no,
                actor=actor[:64], asked_us=now_us,
                due_us=due_instant(now_us, rules.policy, rules.answer_days, self._settings.zone),
            )
        )  # fmt: skip
        if text.strip():
            self._vault.seal(tx, person.person_no, request_id, text.strip()[:500])
        self._step(tx, request_id, "received", "received", actor, f"channel: {channel}")
        return self.find(tx, request_id)

    def move(
        self, tx: Connection, request_id: str, to: str, *, action: str, actor: str, note: str = ""
    ) -> Request:
        """Bring a request to a state and note who did it; raises Conflict `bad_step` where the order does not allow it."""
        found = self.find(tx, request_id)
        if to not in NEXT_STATES[found.state]:
            raise Conflict(
                "bad_step",
                Words("当前状态下不能这样操作，请先核验身份。", "The request's state does not allow this; check the identity first."),
                place=found.state,
            )  # fmt: skip
        return self._to(tx, request_id, to, action=action, actor=actor, note=note)

    def _to(self, tx: Connection, request_id: str, to: str, *, action: str, actor: str, note: str) -> Request:
        values: dict[str, object] = {"state": to}
        if to in CLOSED:
            values["closed_us"] = self._clock.now_us()
        tx.execute(update(rights_requests).where(rights_requests.c.request_id == request_id).values(**values))
        self._step(tx, request_id, action, to, actor, note)
        moved = self.find(tx, request_id)
        if to in CLOSED:
            proof = request_proof(moved)
            tx.execute(
                update(rights_requests).where(rights_requests.c.request_id == request_id).values(proof=proof)
            )
        return self.find(tx, request_id)

    def bind_erasure(self, tx: Connection, request_id: str, erasure_id: str) -> None:
        """The erasure that answers a request."""
        tx.execute(
            update(rights_requests)
            .where(rights_requests.c.request_id == request_id)
            .values(erasure_id=erasure_id)
        )

    def settle_erasure(self, tx: Connection, erasure_id: str, alias_nos: Sequence[int], proof: str) -> None:
        """Close the requests that this finished erasure answers, and every other open one of the same person: there is nobody
        left to answer."""
        columns = rights_requests.c
        whose = or_(columns.erasure_id == erasure_id, columns.alias_no.in_(alias_nos))
        rows = tx.execute(
            select(columns.request_id, columns.erasure_id).where(whose, columns.state.not_in(CLOSED))
        )
        for row in rows.all():
            if row.erasure_id is None:
                self.bind_erasure(tx, row.request_id, erasure_id)
            self._to(
                tx, row.request_id, "done", action="erased", actor="system", note=f"{erasure_id} {proof}"
            )

    def find(self, connection: Connection, request_id: str) -> Request:
        """One request with its steps; raises NotFound `no_request`."""
        row = connection.execute(
            select(rights_requests).where(rights_requests.c.request_id == request_id)
        ).mappings().first()  # fmt: skip
        if row is None:
            raise NotFound(
                "no_request", Words("没有这个请求。", "There is no such request."), place="request_id"
            )
        return _request(row, self._steps(connection, request_id))

    def said(self, connection: Connection, request: Request) -> str:
        """What the person wrote; empty after their erasure."""
        opened = self._vault.open(connection, [request.alias_no]).get(request.alias_no, {})
        return opened.get(request.request_id, "")

    def page(
        self, connection: Connection, wanted: Wanted, cursor: str | None, limit: int | None
    ) -> Page[Request]:
        """Requests, the one that is due first on top; closed ones after the open, newest first."""
        size = page_size(limit)
        closed = func.coalesce(rights_requests.c.closed_us, 0)
        order = (closed, rights_requests.c.due_us, rights_requests.c.request_id)
        where = self._where(wanted)
        query = select(rights_requests).where(*where).order_by(*order).limit(size + 1)
        if cursor:
            last = read_cursor(cursor, 3)
            query = query.where(
                or_(
                    closed > last[0], and_(closed == last[0], order[1] > last[1]),
                    and_(closed == last[0], order[1] == last[1], order[2] > str(last[2])),
                )
            )  # fmt: skip
        rows = connection.execute(query).mappings().all()
        total = connection.execute(
            select(func.count()).select_from(rights_requests).where(*where)
        ).scalar_one()
        items = [_request(row, ()) for row in rows[:size]]
        more = None
        if len(rows) > size:
            more = write_cursor(items[-1].closed_us or 0, items[-1].due_us, items[-1].request_id)
        return Page(items, more, int(total))

    def counts(self, connection: Connection) -> tuple[dict[str, int], int]:
        """(requests by state, how many are open past their deadline)."""
        by_state = connection.execute(
            select(rights_requests.c.state, func.count()).group_by(rights_requests.c.state)
        )
        late = connection.execute(
            select(func.count()).select_from(rights_requests).where(*self._where(Wanted(overdue=True)))
        ).scalar_one()
        return {str(state): int(n) for state, n in by_state}, int(late)

    def of_person(self, connection: Connection, alias_nos: Sequence[int]) -> list[Request]:
        """A person's requests, newest first."""
        rows = connection.execute(
            select(rights_requests)
            .where(rights_requests.c.alias_no.in_(alias_nos))
            .order_by(rights_requests.c.asked_us.desc(), rights_requests.c.request_id)
        ).mappings()
        return [_request(row, self._steps(connection, row["request_id"])) for row in rows]

    def note(self, tx: Connection, request: Request, action: str, actor: str, note: str) -> None:
        """Note a step that does not change the state."""
        self._step(tx, request.request_id, action, request.state, actor, note)

    def _where(self, wanted: Wanted) -> list[ColumnElement[bool]]:
        columns = rights_requests.c
        found: list[ColumnElement[bool]] = []
        if wanted.state:
            found.append(columns.state == wanted.state)
        if wanted.kind:
            found.append(columns.kind == wanted.kind)
        if wanted.open_only or wanted.overdue:
            found.append(columns.state.not_in(CLOSED))
        if wanted.overdue:
            found.append(columns.due_us < self._clock.now_us())
        if wanted.search:
            text = wanted.search.strip()
            found.append(
                or_(columns.request_id.icontains(text, autoescape=True), columns.actor.icontains(text, autoescape=True))
            )  # fmt: skip
        return found

    def _steps(self, connection: Connection, request_id: str) -> tuple[RequestStep, ...]:
        rows = connection.execute(
            select(rights_steps)
            .where(rights_steps.c.request_id == request_id)
            .order_by(rights_steps.c.position)
        )
        return tuple(RequestStep(r.action, r.state, r.actor, r.note, r.at_us) for r in rows)

    def _step(self, tx: Connection, request_id: str, action: str, state: str, actor: str, note: str) -> None:
        position = tx.execute(
            select(func.count()).select_from(rights_steps).where(rights_steps.c.request_id == request_id)
        ).scalar_one()
        tx.execute(
            insert(rights_steps).values(
                request_id=request_id, position=position, action=action, state=state, actor=actor[:64],
                note=mask(note)[:500], at_us=self._clock.now_us(),
            )
        )  # fmt: skip


def _request(row: RowMapping, steps: tuple[RequestStep, ...]) -> Request:
    return Request(
        row["request_id"], row["kind"], row["state"], row["channel"], row["alias_no"], row["actor"], row["asked_us"],
        row["due_us"], row["closed_us"], row["erasure_id"], row["proof"], steps,
    )  # fmt: skip
