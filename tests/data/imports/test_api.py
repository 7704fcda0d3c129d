"""Imports over HTTP, as the console uses them."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from tests.data.imports.conftest import Bench, silent
from weaktie.data.imports import api, uploads
from weaktie.data.imports.contracts import BadImport
from weaktie.data.imports.tables import imports
from weaktie.kit.web import install_error_handlers
from weaktie.store.runs.service import Jobs
from weaktie.store.runs.tables import jobs
from weaktie.trust.accounts import gate
from weaktie.trust.accounts.contracts import Caller, Permission, Role
from weaktie.trust.audit.tables import audit_head, audit_log

FILE = "订单号,买家,付款时间,实付\nA1,u1,2024-01-05 08:00:00,12.5\nA2,u2,=cmd(),1\n"


class Somebody:
    """Whoever the test says is asking."""

    permissions: frozenset[Permission] = frozenset({"view", "operate"})

    async def __call__(self, _request: object, **_how: object) -> Caller:
        """The caller."""
        return Caller("acc_1", "person", Role.OPERATOR, self.permissions)


@pytest.fixture
def caller(monkeypatch: pytest.MonkeyPatch) -> Somebody:
    """An operator, until the test says otherwise."""
    somebody = Somebody()
    monkeypatch.setattr(gate, "caller_of", somebody)
    return somebody


@pytest.fixture
def client(bench: Bench, caller: Somebody) -> Iterator[TestClient]:
    """The routes of imports over the test's importer."""
    database = bench.importer.database
    for table in (jobs, audit_log, audit_head):
        table.create(database.engine)
    app = FastAPI()
    app.state.weaktie = SimpleNamespace(
        importer=bench.importer,
        jobs=Jobs(database, bench.clock),
        database=database,
        clock=bench.clock,
        accounts=SimpleNamespace(names=lambda _connection: {"acc_1": "店长"}),
    )
    install_error_handlers(app)
    app.include_router(api.router)
    with TestClient(app, raise_server_exceptions=False) as made:
        yield made


def send(client: TestClient, content: str = FILE, **query: str) -> Any:
    answer = client.post(
        "/api/imports",
        params={"kind": "orders", "filename": "../a\x07.csv", **query},
        content=content.encode(),
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_from_dropping_a_file_to_its_bad_lines(client: TestClient, bench: Bench) -> None:
    sent = send(client)
    assert sent["suggested"] and sent["filename"] == "a.csv" and sent["problem"] is None
    assert sent["mapping"] == {
        "order_id": "订单号",
        "user_id": "买家",
        "paid_time": "付款时间",
        "amount": "实付",
    }
    assert [row["amount_minor"] for row in sent["preview"]["rows"]] == [1250]
    assert [(bad["line"], bad["code"]) for bad in sent["preview"]["bad"]] == [(3, "not_a_time")]
    assert bench.lake.calls == 0

    path = f"/api/imports/{sent['import_id']}"
    changed = client.patch(
        path, json={"mapping": {"currency": {"constant": "JPY"}}, "basis": {"analytics": "contract"}}
    ).json()
    assert changed["preview"]["rows"][0]["amount_minor"] == 13 and not changed["suggested"]

    started = client.post(f"{path}/start").json()
    assert client.get(path).json()["state"] == "waiting" and started["state"] == "waiting"
    bench.importer.run(sent["import_id"], silent)
    done = client.get(path).json()
    assert (done["state"], done["rows_done"], done["rows_bad"], done["stored"]) == (
        "done",
        2,
        1,
        {"orders": 1},
    )
    assert done["basis"] == {"analytics": "contract"} and done["source_id"] == "src_import"
    assert not (bench.importer.folder(sent["import_id"]) / uploads.UPLOAD_FILE).exists()

    bad = client.get(f"{path}/bad-rows")
    assert bad.headers["content-disposition"].startswith("attachment")
    assert next(csv.DictReader(io.StringIO(bad.text.lstrip("\ufeff"))))["付款时间"] == "'=cmd()"
    assert client.post(f"{path}/start").status_code == client.delete(path).status_code == 409
    with bench.importer.database.connect() as connection:
        actions = connection.execute(select(audit_log.c.action)).scalars().all()
    assert actions == ["import.upload", "import.change", "import.start", "import.bad_rows"]


def test_a_file_that_cannot_be_mapped_yet_says_what_is_missing(client: TestClient) -> None:
    sent = send(client, "订单号,天\nA1,2024-01-05\n")
    assert sent["preview"] is None and sent["problem"]["place"] == "paid_time"
    mended = client.patch(
        f"/api/imports/{sent['import_id']}",
        json={"mapping": {"paid_time": "天", "amount": {"constant": "1"}}},
    ).json()
    assert mended["problem"] is None and len(mended["preview"]["rows"]) == 1


def test_a_mapping_over_http_is_a_name_and_never_a_path(client: TestClient, bench: Bench) -> None:
    bench.write("mine.toml", '[fields]\nuser_id = "a"\n')
    for name in (str(bench.folder / "mine.toml"), "../mine.toml", "' OR 1=1 --"):
        answer = client.post("/api/imports", params={"kind": "users", "mapping": name}, content=b"a\n1\n")
        assert answer.status_code == 400 and answer.json()["error"]["code"] == "unknown_mapping"
    assert nothing_left(bench)


def test_unusable_uploads_leave_nothing(
    client: TestClient, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (
        client.post("/api/imports", params={"kind": "users"}, content=b"").json()["error"]["code"]
        == "empty_file"
    )
    assert client.post("/api/imports", params={"kind": "things"}, content=b"a").status_code == 422
    monkeypatch.setattr(uploads.Upload, "finish", full_disk)
    assert client.post("/api/imports", params={"kind": "users"}, content=b"a\n").status_code == 503
    assert nothing_left(bench)


def full_disk(_upload: uploads.Upload) -> str:
    raise OSError(28, "No space left on device")


async def body_of(parts: list[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def test_a_body_over_the_limit_is_refused_as_it_streams(bench: Bench) -> None:
    folder = bench.importer.folder("imp_x")
    with pytest.raises(BadImport, match="file_too_large") as refused:
        asyncio.run(uploads.receive(folder, body_of([b"x" * (1 << 20)] * 4), largest_bytes=1 << 20))
    assert refused.value.status == 413 and not folder.exists()


def nothing_left(bench: Bench) -> bool:
    with bench.importer.database.connect() as connection:
        rows = connection.execute(select(func.count()).select_from(imports)).scalar_one()
    folder = bench.importer.home / "imports"
    return rows == 0 and (not folder.exists() or not list(folder.iterdir()))


def test_paging_removing_and_permissions(client: TestClient, bench: Bench, caller: Somebody) -> None:
    ids = []
    for _ in range(3):
        bench.clock.move(1)
        ids.append(send(client)["import_id"])
    first = client.get("/api/imports", params={"limit": 2}).json()
    second = client.get("/api/imports", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [i["import_id"] for i in first["items"] + second["items"]] == ids[::-1] and second[
        "next_cursor"
    ] is None
    assert client.delete(f"/api/imports/{ids[0]}").status_code == 204
    assert client.get(f"/api/imports/{ids[0]}").status_code == 404
    assert not bench.importer.folder(ids[0]).exists()
    assert client.get("/api/imports", params={"cursor": "nonsense"}).status_code == 400
    caller.permissions = frozenset({"view"})
    assert client.get("/api/imports").status_code == 200
    assert client.post("/api/imports", params={"kind": "users"}, content=b"a\n").status_code == 403
    assert client.get(f"/api/imports/{ids[1]}/bad-rows").status_code == 403
    assert client.delete(f"/api/imports/{ids[1]}").status_code == 403


def test_shipped_mappings_are_listed_with_their_fields(client: TestClient) -> None:
    listed = {m["name"]: m for m in client.get("/api/imports/mappings").json()}
    assert listed["online-retail"]["columns"]["currency"] == "=GBP"
    assert {"name": "order_id", "reading": "text", "required": True} in listed["orders"]["fields"]


def test_a_saved_mapping_is_listed_used_exported_and_deleted(client: TestClient, bench: Bench) -> None:
    sent = send(client, "n,t,a,情况\nX1,05/01/2024,3,好了\n")
    path = f"/api/imports/{sent['import_id']}"
    fields = {
        "order_id": "n", "amount": "a", "paid_time": {"column": "t", "format": "%d/%m/%Y"},
        "status": {"column": "情况"},
    }  # fmt: skip
    open_ = client.patch(path, json={"mapping": fields}).json()
    assert open_["samples"]["n"] == ["X1"] and open_["statuses"] == [
        {"field": "status", "value": "好了", "becomes": None}
    ]
    mended = client.patch(
        path, json={"mapping": {"status": {"column": "情况", "values": {"好了": "paid"}}}}
    ).json()
    assert (
        mended["problem"] is None
        and mended["statuses"][0]["becomes"] == "paid"
        and len(mended["preview"]["rows"]) == 1
    )
    saved = client.put("/api/imports/mappings/我的 ERP", json={"import_id": sent["import_id"]}).json()
    assert (saved["shipped"], saved["actor_name"], saved["kind"]) == (False, "店长", "orders")
    text = client.get("/api/imports/mappings/我的 ERP/toml").text
    assert client.put("/api/imports/mappings/second", json={"toml": text}).status_code == 200
    other = send(client, "n,t,a,情况\nX2,06/01/2024,4,好了\n", mapping="second")
    assert other["mapping_name"] == "second" and other["preview"]["rows"][0]["order_id"] == "X2"
    assert (
        bench.run(bench.write("c.csv", "n,t,a,情况\nX3,06/01/2024,4,好了\n"), "orders", "我的 ERP").rows_bad
        == 0
    )
    for name, code in (("orders", "mapping_is_shipped"), ("a{b", "bad_mapping_name")):
        refused = client.put(f"/api/imports/mappings/{name}", json={"toml": text})
        assert refused.json()["error"]["code"] == code
    assert client.delete("/api/imports/mappings/second").status_code == 204
    assert client.delete("/api/imports/mappings/second").status_code == 404
    assert client.delete("/api/imports/mappings/youzan").status_code == 409
    assert client.get(f"{path}/mapping").text == text.replace(
        'zh = "我的 ERP"', 'zh = "按列名识别：订单"'
    ).replace('en = "我的 ERP"', 'en = "By column names: orders, one line an article or an order"')


def test_a_recognised_export_is_what_it_is_whatever_was_chosen(client: TestClient) -> None:
    head = "订单号,订单状态,买家付款时间,订单实付金额,订单已退款金额,买家手机号"
    sent = send(client, f"{head}\nE1,交易成功,2024-01-05 08:00:00,10,0,13800001111\n", kind="users")
    assert (sent["kind"], sent["mapping_name"], sent["recognised"]) == ("orders", "youzan", True)
    assert "13800001111" not in str(sent)
    other = client.patch(f"/api/imports/{sent['import_id']}", json={"mapping": "orders"}).json()
    assert other["mapping_name"] == "orders" and not other["recognised"]
