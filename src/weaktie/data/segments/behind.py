"""The people of a segment as a query of people: who is in it, who entered, who left."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from weaktie.data.behaviour.contracts import I32, BadPeople
from weaktie.kit.words import Words

if TYPE_CHECKING:
    from weaktie.data.segments.service import Segments


class SegmentPeople:
    """Answers queries of people of the kinds `segment`, `segment_entered` and `segment_left`."""

    def __init__(self, own: "Callable[[], Segments]") -> None:
        self._made = own

    @property
    def _own(self) -> "Segments":
        return self._made()

    def people(self, query: Mapping[str, Any]) -> I32:
        """The members now, or who entered or left in a run (`run`). Raises NoSegment or BadPeople."""
        segment_id, run_no = self._read(query)
        if run_no is None:
            return self._own.members(segment_id)
        return self._own.moved(segment_id, run_no, str(query["kind"]).removeprefix("segment_"))

    def describe(self, query: Mapping[str, Any]) -> Words:
        """The segment, and what its people did."""
        segment_id, run_no = self._read(query)
        with self._own.database.connect() as connection:
            name = self._own.get(connection, segment_id).name
        if run_no is None:
            return Words(f"分群“{name}”", f"Segment “{name}”")
        if query["kind"] == "segment_entered":
            return Words(f"第 {run_no} 次更新时进入“{name}”", f"Entered “{name}” in update {run_no}")
        return Words(f"第 {run_no} 次更新时离开“{name}”", f"Left “{name}” in update {run_no}")

    def _read(self, query: Mapping[str, Any]) -> tuple[str, int | None]:
        segment_id, run_no = query.get("segment_id"), query.get("run")
        if not isinstance(segment_id, str):
            raise BadPeople(Words("缺少分群编号。", "The segment is missing."), "people.segment_id")
        if query.get("kind") == "segment":
            return segment_id, None
        if not isinstance(run_no, int) or isinstance(run_no, bool):
            raise BadPeople(Words("缺少更新序号。", "The number of the update is missing."), "people.run")
        return segment_id, run_no
