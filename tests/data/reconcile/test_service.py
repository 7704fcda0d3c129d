"""Day by day against exports: every difference has its order and its reason."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from starlette.testclient import TestClient

from tests.suites.consoles import ORIGIN, PASSWORD, Browser
from tests.suites.homes import START_US, bring_in, fresh_app, put, track
from weaktie.app.http import make_api
from weaktie.app.wiring import App
from weaktie.data.imports.contracts import BadImport, ImportSpec
from weaktie.data.reconcile.contracts import BadReconciliation
from weaktie.data.reconcile.service import Asked, differing, find
from weaktie.kit.clock import business_day, day_to_date

HEAD = "order_id,user_id,paid_time,amount,currency,status,refunded\n"
OURS = (
    "o1,u1,2026-10-01 10:00:00,10.00,CNY,paid,\no2,u1,2026-10-01 23:30:00,20.00,CNY,paid,5.00\n"
    "o3,u2,2026-10-02 10:00:00,30.00,CNY,paid,\no4,u2,2026-10-02 11:00:00,40.00,CNY,cancelled,\n"
    "o5,u3,2026-10-02 12:00:00,50.00,CNY,paid,\no6,,2026-10-02 13:00:00,60.00,CNY,paid,\n"
    "o9,u4,2026-12-24 12:00:00,90.00,CNY,paid,\n"
)  # fmt: skip
THEIRS = (
    "o1,u1,2026-10-01 10:00:00,10.00,CNY,paid,\no2,u1,2026-10-02 00:30:00,20.00,CNY,paid,5.00\n"
    "o3,u2,2026-10-02 10:00:00,31.00,CNY,paid,\no4,u2,2026-10-02 11:00:00,40.00,CNY,paid,\n"
    "o5,u3,2026-10-02 12:00:00,50.00,CNY,paid,1.00\no7,u3,2026-10-02 12:00:00,70.00,CNY,paid,\n"
    "o8,u3,2026-10-02 12:00:00,many,CNY,paid,\n"
)  # fmt: skip


@pytest.fixture
def wt(tmp_path: Path) -> Iterator[App]:
    with fresh_app(tmp_path) as app:
        yield app


def bring(wt: App, path: Path, text: str | None = None, mapping: str | None = None) -> str:
    if text is not None:
        path.write_text(HEAD + text)
    done = wt.importer.import_file(
        ImportSpec(path, "orders", mapping), actor="me", progress=lambda _done, _step: None
    )
    return done.source_id


def test_each_order_that_differs_has_its_reason(wt: App, tmp_path: Path) -> None:
    bring(wt, tmp_path / "ours.csv", OURS)
    export = tmp_path / "theirs.csv"
    export.write_text(HEAD + THEIRS)
    found, zone = wt.reconciler.with_file(export, None, None)
    assert zone == "Asia/Shanghai"
    assert {str(r["order_id"]): r["reason"] for r in found.differing} == {
        "o2": "other_day", "o3": "other_amount", "o4": "other_status", "o5": "other_refund", "o6": "missing_there",
        "o7": "missing_here",
    }  # fmt: skip
    assert (found.orders, found.agreeing, dict(found.left_out)) == (7, 1, {"not_a_number": 1})
    first, second = found.days
    assert (first.orders, first.paid_minor, first.refunded_minor) == ((2, 1), (3000, 1000), (500, 0))
    assert (second.orders, second.paid_minor) == ((3, 5), (14000, 21100))
    assert second.refunded_minor == (0, 600)
    assert (first.differing, second.differing) == (1, 6)
    with wt.database.begin() as tx:
        rec_id = wt.reconciler.save_compared(tx, found, kind="export", name="x.csv", zone=zone, actor="me")
        assert [r["order_id"] for r in differing(tx, rec_id, first.day)] == ["o2"]
        assert find(tx, rec_id)["accuracy"] == pytest.approx(1 / 7)


def test_the_same_export_agrees_wholly_in_any_zone(wt: App, tmp_path: Path) -> None:
    bring(wt, tmp_path / "ours.csv", OURS)
    for zone in ("Asia/Shanghai", "UTC", "America/New_York"):
        found, _ = wt.reconciler.with_file(tmp_path / "ours.csv", None, zone)
        assert (found.accuracy, found.wrong, list(found.differing)) == (1.0, 0, [])
        assert all(d.paid_minor[0] == d.paid_minor[1] for d in found.days)


def test_an_import_is_the_reference_for_what_came_otherwise(wt: App, tmp_path: Path) -> None:
    products = [{"product_id": "p1", "price": 10, "quantity": 1}]
    for number, total in ((1, 10), (2, 12)):
        paid = {"order_id": f"w{number}", "total": total, "currency": "CNY", "products": products}
        put(wt, track(number, event="Order Completed", properties=paid))
    bring_in(wt)
    day = business_day(START_US, wt.settings.zone)
    moment = "2026-09-21 22:13:20"
    source = bring(
        wt, tmp_path / "shop.csv", f"w1,u1,{moment},10.00,CNY,paid,\nw2,u1,{moment},12.50,CNY,paid,\n"
    )
    found, _ = wt.reconciler.with_source(source, None)
    assert [(r["order_id"], r["reason"]) for r in found.differing] == [("w2", "other_amount")]
    assert [(d.day, d.orders) for d in found.days] == [(day, (2, 2))]


def test_another_number_is_split_to_the_last_cent(wt: App, tmp_path: Path) -> None:
    bring(wt, tmp_path / "ours.csv", OURS)
    day = business_day(1_790_812_800_000_000, wt.settings.zone)
    asked = Asked("gmv", 0, day - 30, day + 30, "Asia/Shanghai", "CNY")
    ours = wt.reconciler.explain(asked).ours
    assert ours == 17000
    net = wt.reconciler.explain(Asked("gmv", 16500, day - 30, day + 30, "Asia/Shanghai", "CNY"))
    assert (list(net.reasons), net.unexplained) == ([("part_refunds", -500)], 0)
    known = wt.reconciler.explain(
        Asked("gmv", 21001, day - 30, day + 30, "Asia/Shanghai", "CNY", "", frozenset({"cancelled"}), "UTC")
    )
    assert (list(known.reasons), known.unexplained) == ([("cancelled", 4000), ("zone", 0)], 1)
    buyers = wt.reconciler.explain(Asked("gmv", 11000, day - 30, day + 30, "Asia/Shanghai", "CNY"))
    assert list(buyers.reasons) == [("identified_only", -6000)]
    with pytest.raises(BadReconciliation):
        wt.reconciler.explain(Asked("gmv", 1, 10, 9, "Asia/Shanghai", "CNY"))
    with pytest.raises(BadReconciliation):
        wt.reconciler.explain(Asked("gmv", 1, 9, 10, "Moon/Sea", "CNY"))


def test_over_http_it_is_kept_listed_and_audited(wt: App, tmp_path: Path) -> None:
    bring(wt, tmp_path / "ours.csv", OURS)
    with wt.database.begin() as tx:
        _, token = wt.accounts.invite(tx, name="o", email="o@example.com", role="operator")
    hashed = wt.accounts.hash_password(PASSWORD)
    with wt.database.begin() as tx:
        wt.accounts.use_invitation(tx, token, name=None, password_hash=hashed)
    with TestClient(make_api(wt), base_url=ORIGIN, raise_server_exceptions=False) as http:
        browser = Browser(http)
        browser.sign_in("o@example.com")
        headers = {"Origin": ORIGIN, "X-CSRF-Token": browser.csrf}
        made = http.post(
            "/api/reconciliations/export?filename=..%2Fshop.csv",
            content=(HEAD + THEIRS).encode(),
            headers=headers,
        )
        assert made.status_code == 201, made.text
        body = made.json()
        assert (body["name"], body["differing"], len(body["days"])) == ("shop.csv", 6, 2)
        assert not list((wt.settings.home / "reconcile").glob("*")), "the export is not kept"
        listed = browser.send("GET", "/api/reconciliations").json()["items"]
        assert [one["rec_id"] for one in listed] == [body["rec_id"]]
        orders = browser.send("GET", f"/api/reconciliations/{body['rec_id']}/orders?day=2026-10-01").json()
        assert [(o["order_id"], o["reason"]) for o in orders] == [("o2", "other_day")]
        text = browser.send("GET", f"/api/reconciliations/{body['rec_id']}/csv").text
        assert "2026-10-01,CNY,2,1,3000,1000,500,0,1" in text
        split = browser.send(
            "POST", "/api/reconciliations/number",
            {"measure": "gmv", "number": 25500, "from_day": "2026-10-01", "to_day": "2026-12-31", "currency": "CNY"},
        ).json()["split"]  # fmt: skip
        assert [(r["code"], r["amount"]) for r in split["reasons"]] == [("part_refunds", -500)]
        assert (
            http.post("/api/reconciliations/export", content=b"a,b\n1,2\n", headers=headers).status_code
            == 400
        )
        wrong = browser.send("GET", "/api/reconciliations/rec_nothing")
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (404, "no_reconciliation")


def test_a_file_without_orders_is_refused(wt: App, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadImport):
        wt.reconciler.with_file(tmp_path / "x.csv", None, None)


def test_online_retail_agrees_day_by_day_with_the_file_itself(
    wt: App, tmp_path: Path, data_dir: Path
) -> None:
    file = data_dir / "online_retail" / "online_retail.csv.gz"
    if not file.is_file():
        pytest.skip("online_retail is not in the folder of public data sets")
    bring(wt, file, mapping="online-retail")
    found, _ = wt.reconciler.with_file(file, "online-retail", "Europe/London")
    assert (found.accuracy, found.wrong) == (1.0, 0)
    raw = pl.read_csv(file, infer_schema=False)
    exact = (pl.col("UnitPrice").cast(pl.Decimal(38, 3)) * pl.col("Quantity").cast(pl.Int64)).cast(
        pl.Decimal(38, 3)
    )
    mills = raw.select(
        "InvoiceNo", day=pl.col("InvoiceDate").str.slice(0, 10), mills=(exact * 1000).cast(pl.Int64)
    ).with_columns(pence=(pl.col("mills").abs() + 5) // 10 * pl.col("mills").sign())
    invoices = mills.group_by("InvoiceNo").agg(pl.col("day").min(), pl.col("pence").sum())
    letter = pl.col("InvoiceNo").str.slice(0, 1)
    by_day = {
        row["day"]: row
        for row in invoices.group_by("day").agg(
            orders=(~letter.is_in(["C", "A"])).sum(), net=pl.col("pence").sum(),
            paid=pl.col("pence").filter((letter != "C") & (pl.col("pence") > 0)).sum(),
        ).iter_rows(named=True)
    }  # fmt: skip
    assert invoices.filter(letter != "C").height == 22_064
    assert sum(row["net"] for row in by_day.values()) == 974_774_793
    ours = {day_to_date(d.day).isoformat(): d for d in found.days}
    assert ours.keys() == by_day.keys()
    for day, row in by_day.items():
        assert ours[day].orders == (row["orders"],) * 2, day
        assert ours[day].paid_minor == (row["paid"],) * 2, day
        assert row["paid"] - ours[day].refunded_minor[0] == row["net"], day
    first, last = found.days[0].day, found.days[-1].day
    net = wt.reconciler.explain(Asked("net", 974_774_793, first, last, "Europe/London", "GBP"))
    assert (net.ours, list(net.reasons), net.unexplained) == (974_774_793, [], 0)
