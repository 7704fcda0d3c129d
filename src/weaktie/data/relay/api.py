"""HTTP: relays, their health, the test request, and the parity page."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from weaktie.data.relay.contracts import OUTCOMES, BadRelay, Health, ParityRow, Relay, RelaySpec
from weaktie.data.relay.service import Relays, vendor_rows
from weaktie.kit.clock import day_to_date, iso_to_day, to_iso
from weaktie.kit.web import PlainText, WordsBody, app_part, words_body
from weaktie.kit.words import Words
from weaktie.trust.accounts.api import require
from weaktie.trust.accounts.contracts import Caller
from weaktie.trust.audit.service import record

router = APIRouter(prefix="/api/relays", tags=["relays"])
View = Annotated[Caller, Depends(require("view"))]
Developer = Annotated[Caller, Depends(require("develop"))]
Kind = Literal["segment", "sensors", "posthog"]
MOST_DAYS = 400


class RelaySetup(BaseModel):
    """How a relay is to be; without `key` the present one stays."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    url: Annotated[PlainText, Field(min_length=8, max_length=2000)]
    key: Annotated[PlainText, Field(max_length=500)] | None = None
    purposes: int = Field(1, ge=0, le=15)
    max_lag_s: int = Field(3 * 86_400, ge=60, le=30 * 86_400)
    threshold: float = Field(0.02, ge=0, le=1)
    connections: int = Field(8, ge=1, le=32)


class NewRelay(RelaySetup):
    """A relay to make, for a source."""

    source_id: str = Field(max_length=40)


class RelayPatch(BaseModel):
    """Another set-up, or on and off."""

    model_config = ConfigDict(extra="forbid")

    setup: RelaySetup | None = None
    enabled: bool | None = None


class RelayBody(BaseModel):
    """A relay and how it is doing. The key is never shown again."""

    relay_id: str
    source_id: str
    kind: str
    url: str
    has_key: bool
    purposes: int
    max_lag_s: int
    threshold: float
    connections: int
    enabled: bool
    since_time: str
    last_ok_time: str | None
    failing_time: str | None
    next_try_time: str | None
    error: WordsBody | None
    waiting: int
    oldest_s: float
    delivered: int
    counts: dict[str, int]


class RelayTestBody(BaseModel):
    """What was sent and what the other side answered."""

    url: str
    status: int
    answer: str
    fine: bool


class ParityRowBody(BaseModel):
    """One event of one day."""

    day: str
    event: str
    ours: int
    delivered: int
    lost: dict[str, int]
    not_stored: int
    vendor: int | None
    difference: float | None
    within: bool | None


class ParityBody(BaseModel):
    """The parity page: rows, the newest day first; the words of each reason."""

    rows: list[ParityRowBody]
    lake_behind: bool
    threshold: float
    reasons: dict[str, WordsBody]


class VendorRow(BaseModel):
    """A number of the other system."""

    day: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
    event: Annotated[PlainText, Field(max_length=200)]
    count: int = Field(ge=0, le=10**15)


class VendorNumbers(BaseModel):
    """Numbers typed in, or the text of a CSV `date,event,count`."""

    rows: Annotated[list[VendorRow], Field(max_length=5000)] = []
    csv: Annotated[str, Field(max_length=900_000)] | None = None


class NotedBody(BaseModel):
    """How many numbers were kept."""

    rows: int


@router.get("")
def list_relays(request: Request, _caller: View) -> list[RelayBody]:
    """Every relay with its health."""
    relays = _relays(request)
    with relays.database.connect() as connection:
        return [_body(r, relays.health(connection, r)) for r in relays.listed(connection)]


@router.post("", status_code=201)
def create_relay(request: Request, caller: Developer, given: NewRelay) -> RelayBody:
    """Set a relay up for a source; it begins switched off."""
    relays = _relays(request)
    with relays.database.begin() as tx:
        made = relays.create(tx, _spec(given, given.source_id))
        _audit(tx, relays, caller, "relay.create", made.relay_id, _told(given) | {"source": made.source_id})
        return _body(made, relays.health(tx, made))


@router.patch("/{relay_id}")
def patch_relay(request: Request, caller: Developer, relay_id: str, given: RelayPatch) -> RelayBody:
    """Change the set-up, switch on or off; the worker follows within two seconds."""
    relays = _relays(request)
    with relays.database.begin() as tx:
        before = relays.find(tx, relay_id)
        spec = None if given.setup is None else _spec(given.setup, before.source_id)
        after = relays.change(tx, relay_id, spec, enabled=given.enabled)
        detail = {} if given.setup is None else _told(given.setup)
        if given.enabled is not None:
            detail["enabled"] = given.enabled
        _audit(tx, relays, caller, "relay.change", relay_id, detail)
        return _body(after, relays.health(tx, after))


@router.delete("/{relay_id}", status_code=204)
def delete_relay(request: Request, caller: Developer, relay_id: str) -> Response:
    """Forget a relay, its key and its numbers."""
    relays = _relays(request)
    with relays.database.begin() as tx:
        relays.remove(tx, relay_id)
        _audit(tx, relays, caller, "relay.remove", relay_id, {})
    return Response(status_code=204)


@router.post("/{relay_id}/test")
def test_relay(request: Request, caller: Developer, relay_id: str) -> RelayTestBody:
    """Send one request that is checked and stores nothing; shows the answer."""
    relays = _relays(request)
    sent, answer = relays.test(relay_id)
    with relays.database.begin() as tx:
        _audit(tx, relays, caller, "relay.test", relay_id, {"status": answer.status})
    text = answer.body[:500].decode("utf-8", "replace").replace("\0", "")
    return RelayTestBody(
        url=answer.url, status=answer.status, answer=text, fine=200 <= answer.status < 300 and bool(sent.url)
    )


@router.get("/{relay_id}/parity")
def parity(
    request: Request,
    _caller: View,
    relay_id: str,
    from_day: Annotated[str, Query(alias="from", pattern=r"^\d{4}-\d\d-\d\d$")],
    to_day: Annotated[str, Query(alias="to", pattern=r"^\d{4}-\d\d-\d\d$")],
) -> ParityBody:
    """Ours, relayed and theirs by day and event, with the reasons of the differences."""
    relays = _relays(request)
    with relays.database.connect() as connection:
        relay = relays.find(connection, relay_id)
    first, last = _day(from_day), _day(to_day)
    if last - first > MOST_DAYS:
        raise _bad_day()
    found = relays.parity(relay_id, first, last)
    return ParityBody(
        rows=[_row(row, relay.threshold) for row in found.rows], lake_behind=found.lake_behind, threshold=relay.threshold,
        reasons={code: words_body(words) for code, words in OUTCOMES.items()},
    )  # fmt: skip


@router.post("/{relay_id}/vendor-numbers")
def vendor_numbers(request: Request, caller: Developer, relay_id: str, given: VendorNumbers) -> NotedBody:
    """Note what the other system counts."""
    relays = _relays(request)
    rows = [(_day(row.day), row.event, row.count) for row in given.rows]
    rows += vendor_rows(given.csv) if given.csv is not None else []
    with relays.database.begin() as tx:
        relays.note_vendor(tx, relay_id, rows, caller.actor)
        _audit(tx, relays, caller, "relay.vendor_numbers", relay_id, {"rows": len(rows)})
    return NotedBody(rows=len(rows))


def _relays(request: Request) -> Relays:
    found: Relays = app_part(request, "relays")
    return found


def _day(text: str) -> int:
    try:
        return iso_to_day(text)
    except ValueError as error:
        raise _bad_day() from error


def _bad_day() -> BadRelay:
    return BadRelay("bad_day", Words("日期无效。", "The day is not valid."), place="day")


def _spec(given: RelaySetup, source_id: str) -> RelaySpec:
    return RelaySpec(
        source_id, given.kind, given.url, given.key, given.purposes, given.max_lag_s, given.threshold, given.connections
    )  # fmt: skip


def _told(given: RelaySetup) -> dict[str, object]:
    """What the audit says of a set-up: never the key, and of the address no query."""
    shown = given.url.partition("?")[0][:200]
    return {
        "kind": given.kind,
        "url": shown,
        "key_changed": given.key is not None,
        "purposes": given.purposes,
    }


def _audit(  # type: ignore[no-untyped-def]
    tx, relays: Relays, caller: Caller, action: str, relay_id: str, detail: dict[str, object]
) -> None:
    record(
        tx, relays.clock, actor=caller.actor, action=action, object_kind="relay", object_id=relay_id, detail=detail
    )  # fmt: skip


def _time(us: int | None) -> str | None:
    return None if us is None else to_iso(us)


def _body(relay: Relay, health: Health) -> RelayBody:
    return RelayBody(
        relay_id=relay.relay_id, source_id=relay.source_id, kind=relay.kind, url=relay.url, has_key=relay.has_key,
        purposes=relay.purposes, max_lag_s=relay.max_lag_s, threshold=relay.threshold,
        connections=relay.connections, enabled=relay.enabled, since_time=to_iso(relay.since_us),
        last_ok_time=_time(relay.last_ok_us), failing_time=_time(relay.failing_us),
        next_try_time=_time(relay.next_try_us),
        error=None if relay.error is None else words_body(relay.error), waiting=health.waiting,
        oldest_s=health.oldest_s, delivered=health.counts.get("delivered", 0), counts=dict(health.counts),
    )  # fmt: skip


def _row(row: ParityRow, threshold: float) -> ParityRowBody:
    return ParityRowBody(
        day=day_to_date(row.day).isoformat(), event=row.event, ours=row.ours, delivered=row.delivered,
        lost=dict(row.lost), not_stored=row.not_stored, vendor=row.vendor, difference=row.difference,
        within=None if row.vendor is None else row.difference is not None and abs(row.difference) <= threshold,
    )  # fmt: skip
