"""A shop that takes part in referral: the real parts over HTTP, with a small ledger in the same database and a scorer that tests set."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, Text, func, insert, select
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient

from tests.suites.consoles import ORIGIN, PASSWORD, Browser
from tests.suites.homes import fresh_app
from weaktie.app.http import make_api
from weaktie.app.wiring import App
from weaktie.business.referral.contracts import (
    Assess,
    BudgetUsedUp,
    Case,
    Payment,
    Purse,
    Strength,
    Verdict,
)
from weaktie.business.referral.service import Referral
from weaktie.business.referral.spec import plan_template, spec_body
from weaktie.kit.clock import DAY_US, FixedClock, business_day, to_iso
from weaktie.kit.words import Words
from weaktie.store.database.tables import metadata

_tables = MetaData()
entries = Table(
    "standin_entries", _tables, Column("entry_no", Integer, primary_key=True, autoincrement=True),
    Column("transfer_id", String(120), nullable=False, index=True), Column("account", String(120), nullable=False, index=True),
    Column("amount", Integer, nullable=False), Column("pending", Integer, nullable=False),
)  # fmt: skip
keys = Table(
    "standin_keys", _tables, Column("key", String(120), primary_key=True), Column("content", Text, nullable=False),
    Column("transfer_id", String(120), nullable=False),
)  # fmt: skip


class StandIn:
    """The face of the ledger over two tables: keys kept for ever, holds, no account but `world` below zero."""

    def post(
        self, tx: Connection, key: str, kind: str, payments: Sequence[Payment], memo: Any, actor: str
    ) -> str:
        return self._put(tx, key, payments, pending=False)

    def hold(
        self, tx: Connection, key: str, kind: str, payments: Sequence[Payment], memo: Any, actor: str
    ) -> str:
        return self._put(tx, key, payments, pending=True)

    def settle(self, tx: Connection, key: str, transfer_id: str, actor: str) -> str:
        if self._known(tx, key, transfer_id):
            return key
        for row in self._of(tx, transfer_id):
            self._row(tx, key, row.account, -row.amount, pending=1)
            self._row(tx, key, row.account, row.amount, pending=0)
        return key

    def void(self, tx: Connection, key: str, transfer_id: str, reason: str, actor: str) -> None:
        if not self._known(tx, key, transfer_id):
            for row in self._of(tx, transfer_id):
                self._row(tx, key, row.account, -row.amount, pending=1)

    def reverse(self, tx: Connection, key: str, transfer_id: str, reason: str, actor: str) -> None:
        posted = [r for r in self._of(tx, transfer_id) if not r.pending]
        if any(r.amount > 0 and self.of(tx, r.account) < r.amount for r in posted):
            raise BudgetUsedUp
        if not self._known(tx, key, transfer_id):
            for row in posted:
                self._row(tx, key, row.account, -row.amount, pending=0)

    def available(self, connection: Connection, purse: Purse) -> int:
        return self.of(connection, _name(purse))

    def of(self, connection: Connection, account: str) -> int:
        """Posted, less what is set aside to go."""
        mine = entries.c.account == account
        posted = connection.execute(
            select(func.coalesce(func.sum(entries.c.amount), 0)).where(mine, entries.c.pending == 0)
        )
        going = connection.execute(
            select(entries.c.transfer_id, func.sum(entries.c.amount)).where(mine, entries.c.pending == 1)
            .group_by(entries.c.transfer_id)
        )  # fmt: skip
        return int(posted.scalar_one()) + min(sum(int(r[1]) for r in going), 0)

    def total(self, connection: Connection) -> int:
        """Of all accounts together: always nothing."""
        return int(connection.execute(select(func.coalesce(func.sum(entries.c.amount), 0))).scalar_one())

    def _put(self, tx: Connection, key: str, payments: Sequence[Payment], *, pending: bool) -> str:
        content = json.dumps([[_name(p.src), _name(p.dst), p.amount_minor] for p in payments])
        if self._known(tx, key, content):
            return key
        for p in payments:
            assert p.amount_minor > 0
            if p.src.kind != "world" and self.of(tx, _name(p.src)) < p.amount_minor:
                raise BudgetUsedUp
            self._row(tx, key, _name(p.src), -p.amount_minor, pending=int(pending))
            self._row(tx, key, _name(p.dst), p.amount_minor, pending=int(pending))
        return key

    def _known(self, tx: Connection, key: str, content: str) -> bool:
        try:
            with tx.begin_nested():
                tx.execute(insert(keys).values(key=key, content=content, transfer_id=key))
        except IntegrityError:
            assert tx.execute(select(keys.c.content).where(keys.c.key == key)).scalar_one() == content, (
                "key reused"
            )
            return True
        return False

    def _row(self, tx: Connection, transfer: str, account: str, amount: int, *, pending: int) -> None:
        tx.execute(
            insert(entries).values(transfer_id=transfer, account=account, amount=amount, pending=pending)
        )

    def _of(self, tx: Connection, transfer_id: str) -> Sequence[Any]:
        rows = tx.execute(select(entries).where(entries.c.transfer_id == transfer_id)).all()
        return (
            [r for r in rows if r.pending]
            if all(r.pending for r in rows)
            else [r for r in rows if not r.pending]
        )


def _name(purse: Purse) -> str:
    return f"{purse.kind}:{purse.owner}:{purse.unit}"


PEOPLE = ("aliases", "links", "alias_sources", "consent_ages", "consent_receipts", "consent_blocks")


@dataclass
class Scorer:
    """Says what a test sets; fresh unless the test makes it old."""

    clock: FixedClock
    says: Any = "pass"
    age_us: int = 0
    seen: list[Case] = field(default_factory=list)

    def __call__(self, tx: Connection, case: Case) -> Verdict:
        self.seen.append(case)
        if self.says == "dead":
            raise RuntimeError("the scorer is down")
        score = {"pass": 10, "hold": 50, "refuse": 90}[self.says]
        return Verdict(
            self.says,
            score,
            (Words("同一设备", "same device"),) if score > 40 else (),
            self.clock.now_us() - self.age_us,
        )


@dataclass
class Shop:
    """The parts, the shop's server, and an operator's browser."""

    wt: App
    referral: Referral
    ledger: StandIn
    scorer: Scorer
    http: TestClient
    operator: Browser
    key: str

    @property
    def clock(self) -> FixedClock:
        assert isinstance(self.wt.clock, FixedClock)
        return self.wt.clock

    @property
    def database(self) -> Any:
        return self.wt.database

    def call(
        self, method: str, path: str, body: object = None, *, status: int | None = 200, **headers: str
    ) -> Any:
        """A request of the shop's server; its answer as JSON."""
        answer = self.http.request(
            method,
            "/v1/referral" + path,
            json=body,
            headers={"Authorization": f"Bearer {self.key}"} | headers,
        )
        assert status is None or answer.status_code in (status, 201 if status == 200 else status), answer.text
        return answer.json()

    def console(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        """A request of an operator."""
        answer = self.operator.send(method, "/api/referral" + path, body)
        if answer.status_code == 401:  # days went by
            self.operator.sign_in("op@example.com")
            answer = self.operator.send(method, "/api/referral" + path, body)
        assert answer.status_code in (status, 201 if status == 200 else status), answer.text
        return answer.json() if answer.text else None

    def spec(self, **more: Any) -> dict[str, Any]:
        today = business_day(self.clock.now_us(), self.wt.settings.zone)
        body = spec_body(plan_template(today, "https://shop.example.com/join", "CNY")) | more
        return json.loads(json.dumps(body))

    def launched(self, **more: Any) -> str:
        """A running campaign."""
        made = self.console("POST", "/campaigns", {"name": "invite", "spec": self.spec(**more)})
        campaign_id = str(made["campaign_id"])
        checked = self.console("POST", f"/campaigns/{campaign_id}/check")
        assert checked["campaign"]["state"] == "checked", checked["findings"]
        self.console("POST", f"/campaigns/{campaign_id}/launch")
        return campaign_id

    def invite(self, campaign_id: str, user_id: str, **more: Any) -> Any:
        body = {"campaign_id": campaign_id, "user_id": user_id, "channel": "wechat"}
        return self.call("POST", "/invitations", body | more, status=None)

    def bring(self, campaign_id: str, inviter: str, friend: str, *, order: bool = True) -> Any:
        """A friend opens an invitation, registers and orders."""
        code = self.invite(campaign_id, inviter)["code"]
        self.clock.move(60)
        self.call("POST", "/opens", {"code": code, "anonymous_id": f"anon-{friend}"})
        self.clock.move(60)
        got = self.call("POST", "/registrations", {"user_id": friend, "anonymous_id": f"anon-{friend}"})
        if order:
            self.clock.move(60)
            self.order(f"o-{friend}", friend)
        return got

    def order(self, order_id: str, user_id: str, amount_minor: int = 9_900, **more: Any) -> Any:
        body = {
            "order_id": order_id, "user_id": user_id, "amount_minor": amount_minor, "currency": "CNY",
            "paid_time": to_iso(self.clock.now_us()),
        }  # fmt: skip
        return self.call("POST", "/orders", body | more, status=None)

    def clear(self) -> None:
        """Forget people, campaigns and money: the next test begins anew in the same home."""
        with self.database.begin() as tx:
            for table in [*metadata.sorted_tables, *_tables.sorted_tables]:
                if table.name.startswith(("referral_", "standin_")) or table.name in PEOPLE:
                    tx.execute(table.delete())
        self.wt.registry.forget_cached()
        self.scorer.says, self.scorer.age_us = "pass", 0
        self.scorer.seen.clear()
        self.with_ports(assess=self.scorer)

    def later(self, days: float) -> dict[str, int]:
        """Days go by, then the schedule runs."""
        self.clock.move(days * DAY_US / 1e6)
        return self.referral.tick()

    def status(self, campaign_id: str, user_id: str) -> Any:
        return self.call("GET", f"/status?user_id={user_id}&campaign_id={campaign_id}")

    def purse(self, user_id: str) -> int:
        """What the ledger has for a person."""
        with self.database.connect() as connection:
            who = self.referral.person(connection, user_id)
            return self.ledger.of(connection, f"user:p{who.alias_no}:CNY")

    def with_ports(
        self, *, assess: Assess | None = None, strength: Strength | None = None, ledger: bool = True
    ) -> None:
        """Other ports from here on."""
        self.referral = replace(
            self.referral, assess=assess, strength=strength, ledger=self.ledger if ledger else None
        )
        self.wt.__dict__["referral"] = self.referral


@contextmanager
def open_shop(folder: Path, *, database: str = "sqlite:") -> Iterator[Shop]:
    """A fresh shop on a database."""
    with fresh_app(folder, database=database) as wt:
        _tables.create_all(wt.database.engine)
        assert isinstance(wt.clock, FixedClock)
        ledger, scorer = StandIn(), Scorer(wt.clock)
        referral = replace(wt.referral, ledger=ledger, assess=scorer, strength=None)
        wt.__dict__["referral"] = referral
        key = wt.create_key("write", "shop", source_id=None, actor="test")
        hashed = wt.accounts.hash_password(PASSWORD)
        with wt.database.begin() as tx:
            _, token = wt.accounts.invite(tx, name="op", email="op@example.com", role="operator")
            wt.accounts.use_invitation(tx, token, name=None, password_hash=hashed)
        with (
            TestClient(make_api(wt), base_url=ORIGIN) as http,
            TestClient(make_api(wt), base_url=ORIGIN) as other,
        ):
            browser = Browser(other)
            assert browser.sign_in("op@example.com").status_code == 200
            yield Shop(wt, referral, ledger, scorer, http, browser, key)
