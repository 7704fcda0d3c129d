"""An entry of the audit log, as callers see it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One act: who did what to which thing. `detail` holds no personal data."""

    id: int
    at_us: int
    actor: str
    action: str
    object_kind: str
    object_id: str
    detail: dict[str, object]
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """What a check of the whole chain found: how many entries were read and the ids at which it fails, ascending."""

    checked: int
    bad: list[int]

    @property
    def ok(self) -> bool:
        """Whether no entry was changed or removed."""
        return not self.bad
