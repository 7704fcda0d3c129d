"""Relays and reconciliations on the other database."""

from pathlib import Path

import pytest

from tests.data.reconcile.test_service import HEAD, OURS, THEIRS, bring
from tests.data.relay.test_jobs import Vendor, outcomes, relayed, runner, vendor  # noqa: F401  a fixture
from tests.suites.homes import START_US, bring_in, fresh_app, put, track
from weaktie.data.reconcile.service import differing
from weaktie.kit.clock import business_day


@pytest.mark.postgresql
def test_postgresql_holds_the_same(
    tmp_path: Path,
    vendor: Vendor,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    empty_postgresql_address: str,
) -> None:
    monkeypatch.setenv("WEAKTIE_OUTBOUND_ALLOW", "127.0.0.0/8")
    with fresh_app(tmp_path, database=empty_postgresql_address) as wt:
        relay = relayed(wt, vendor, connections=1)
        vendor.answers = [(503, {})]
        put(wt, track(1), track(2))
        work = runner(wt, relay)
        while work.step():
            pass
        bring_in(wt)
        assert outcomes(wt, relay) == {"delivered": 2}
        day = business_day(START_US, wt.settings.zone)
        with wt.database.begin() as tx:
            for count in (3, 2):
                wt.relays.note_vendor(tx, relay.relay_id, [(day, "Product Viewed", count)], "me")
        (row,) = wt.relays.parity(relay.relay_id, day, day).rows
        assert (row.ours, row.delivered, row.vendor) == (2, 2, 2)
        bring(wt, tmp_path / "ours.csv", OURS)
        (tmp_path / "theirs.csv").write_text(HEAD + THEIRS)
        found, zone = wt.reconciler.with_file(tmp_path / "theirs.csv", None, None)
        with wt.database.begin() as tx:
            rec_id = wt.reconciler.save_compared(tx, found, kind="export", name="x", zone=zone, actor="me")
            assert len(differing(tx, rec_id, None)) == 6
