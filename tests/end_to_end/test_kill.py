"""kill -9 at random moments while events arrive: nothing acknowledged is lost or counted twice (R1)."""

from pathlib import Path

from benchmarks.soak import soak


def test_nothing_acknowledged_is_lost_over_kills(tmp_path: Path) -> None:
    counts = soak(tmp_path / "home", rounds=4, seed=7)
    assert counts["acknowledged"] > 0
    assert (counts["lost"], counts["counted_twice"], counts["never_sent"], counts["lag"]) == (0, 0, 0, 0)
