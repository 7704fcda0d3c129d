"""Beibei's recorded groups through the rules of group buying: 211,291 fail and 332,826 succeed at a threshold of one participant."""

import gzip
from collections.abc import Iterator
from pathlib import Path

from weaktie.business.referral.logic import replay


def records(path: Path) -> Iterator[list[str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield line.rstrip("\n").split("\t")


def test_recorded_groups_fail_and_succeed_as_recorded(data_dir: Path) -> None:
    folder = data_dir / "beibei_groupbuy"
    threshold = 1
    found = {
        name: replay(records(folder / f"{name}.txt.gz"), threshold + 1)
        for name in ("invalid", "tune", "test")
    }
    assert (found["invalid"].failed, found["invalid"].succeeded) == (211_291, 0)
    assert found["tune"].failed == found["test"].failed == 0
    assert sorted((found["tune"].succeeded, found["test"].succeeded)) == [154_184, 178_642]
    assert sum(f.succeeded for f in found.values()) == 332_826
