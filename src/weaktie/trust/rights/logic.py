"""The lines of the journal, and the proof of an erasure. No I/O."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from weaktie.kit.clock import from_datetime, to_datetime, to_iso
from weaktie.trust.rights.contracts import Request, Step


@dataclass(frozen=True, slots=True)
class JournalLine:
    """An erasure as the journal keeps it: identifiers as keyed hashes only."""

    erasure_id: str
    at_us: int
    identifiers: tuple[str, ...]


def write_line(line: JournalLine) -> bytes:
    """One line of the journal, with a checksum that finds a torn or altered one."""
    held = {"v": 1, "erasure_id": line.erasure_id, "at_us": line.at_us, "identifiers": list(line.identifiers)}
    return json.dumps({**held, "sum": _sum(held)}, separators=(",", ":")).encode() + b"\n"


def read_lines(raw: bytes) -> tuple[list[JournalLine], int]:
    """The sound lines of a journal, and how many are not."""
    found, damaged = [], 0
    for text in raw.split(b"\n"):
        if not text:
            continue
        try:
            held = json.loads(text)
            if held.pop("sum") != _sum(held):
                raise ValueError("checksum")
            found.append(JournalLine(held["erasure_id"], held["at_us"], tuple(held["identifiers"])))
        except (ValueError, KeyError, TypeError, AttributeError):
            damaged += 1
    return found, damaged


def _sum(held: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(held, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:16]


def step_digest(
    erasure_id: str, position: int, name: str, removed: dict[str, int], at_us: int, previous: str
) -> str:
    """SHA-256 over a step's outcome and the digest of the step before it, in hex."""
    row = [erasure_id, position, name, sorted(removed.items()), at_us, previous]
    return hashlib.sha256(json.dumps(row, separators=(",", ":")).encode()).hexdigest()


def proof_of(erasure_id: str, steps: Sequence[Step]) -> str | None:
    """The proof over all steps in their order; None while one is not done, or when a recorded outcome was altered."""
    previous = ""
    for position, step in enumerate(steps):
        if step.at_us is None or step.digest is None:
            return None
        previous = step_digest(erasure_id, position, step.name, step.removed, step.at_us, previous)
    return previous


def matching(lines: Iterable[JournalLine], macs: dict[str, list[int]]) -> dict[str, list[int]]:
    """For each line's erasure the living identifiers that it names, where there are any."""
    found = {
        line.erasure_id: sorted({n for mac in line.identifiers for n in macs.get(mac, ())}) for line in lines
    }
    return {erasure_id: numbers for erasure_id, numbers in found.items() if numbers}


# --- requests --------------------------------------------------------------------------------------------------------

GDPR_DAYS = 30


def due_instant(asked_us: int, policy: str, working_days: int, zone: ZoneInfo) -> int:
    """When an answer is due: the end of the last day, in the workspace's zone. `pipl` counts working days, Monday to Friday,
    beginning with the day after. Public holidays are not known here, so the deadline may be earlier than the law's, and where a
    Saturday is worked in exchange for a holiday, a day later. `gdpr` counts 30 days."""
    day = to_datetime(asked_us).astimezone(zone).replace(hour=23, minute=59, second=59, microsecond=0)
    if policy == "gdpr":
        return from_datetime(day + timedelta(days=GDPR_DAYS))
    left = working_days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return from_datetime(day)


def proof_document(request: Request) -> dict[str, object]:
    """What a closed request proves, in plain values: no identifier and nothing that the person wrote."""
    return {
        "request_id": request.request_id,
        "kind": request.kind,
        "outcome": request.state,
        "channel": request.channel,
        "asked_time": to_iso(request.asked_us),
        "due_time": to_iso(request.due_us),
        "closed_time": None if request.closed_us is None else to_iso(request.closed_us),
        "in_time": request.closed_us is not None and request.closed_us <= request.due_us,
        "erasure_id": request.erasure_id,
        "steps": [
            {
                "action": s.action, "state": s.state, "actor": s.actor, "note": s.note, "time": to_iso(s.at_us),
            }
            for s in request.steps
        ],
    }  # fmt: skip


def request_proof(request: Request) -> str:
    """SHA-256 of the canonical JSON of the document, in hex."""
    text = json.dumps(proof_document(request), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
