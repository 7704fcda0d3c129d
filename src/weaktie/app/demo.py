"""The simulated shop behind `weaktie demo`: its home, its filling over the public protocols, its living on."""

import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from weaktie.app.home import STAMP, make_home
from weaktie.app.wiring import open_app, prepare_home
from weaktie.data.acquisition.contracts import NewLink
from weaktie.data.acquisition.costs import read_costs
from weaktie.data.imports.contracts import KINDS, ImportSpec
from weaktie.kit.clock import Clock, business_day
from weaktie.kit.errors import Conflict
from weaktie.kit.settings import render_toml
from weaktie.kit.words import Words
from weaktie.simulate.contracts import MarketSpec
from weaktie.simulate.service import marketing, replay, sign_ups, trickle, write_entities, write_truth
from weaktie.store.runs.contracts import Progress
from weaktie.trust.audit.service import record

NOTE = "demo.json"
EVENTS_A_SECOND = 6.0
SHOP_HOST = "shop.example"
COSTS = "模拟数据-渠道成本-simulated.csv"
BASIS = dict.fromkeys(("analytics", "personalisation", "marketing", "social"), "consented_upstream")
WORKSPACE = {
    "name": "弱连接演示店",
    "timezone": "Asia/Shanghai",
    "currency": "CNY",
    "language": "zh-CN",
    "simulated": True,
}


@dataclass(frozen=True, slots=True)
class DemoState:
    """What a demo home remembers, so that a second start goes on with the same people."""

    users: int
    seed: int
    days: int
    end_us: int
    write_key: str
    filled: bool = False

    @property
    def spec(self) -> MarketSpec:
        """The market."""
        return MarketSpec(users=self.users, seed=self.seed, days=self.days, end_us=self.end_us)


def begin_demo(home: Path, clock: Clock, *, users: int, seed: int, days: int) -> DemoState:
    """The demo home's state; a new home is made. Raises Conflict for a home that is no demo."""
    note = home / NOTE
    if note.exists():
        return DemoState(**msgspec.json.decode(note.read_bytes()))
    if (home / STAMP).exists():
        raise Conflict(
            "not_a_demo_home",
            Words(
                "该数据目录不是演示店，请换一个 --home。",
                "This home is not a demo shop; give another --home.",
            ),
            place=str(home),
        )
    home.mkdir(parents=True, exist_ok=True)
    make_home(home, dict(WORKSPACE))
    with (home / "weaktie.toml").open("a", encoding="utf-8") as settings:
        settings.write(render_toml({"acquisition": {"hosts": SHOP_HOST}}))
    made = prepare_home(home, clock, simulated=True)
    state = DemoState(users, seed, days, clock.now_us(), made.write_key)
    _remember(home, state)
    return state


def fill_demo(
    home: Path, state: DemoState, address: str, bar: Callable[[str], AbstractContextManager[Progress]]
) -> None:
    """Import the shop's people, goods and relations, then send its history to the door."""
    host, _, port = address.removeprefix("http://").rpartition(":")
    folder = home / "imports" / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    files = write_entities(state.spec, folder)
    write_truth(state.spec, truth_folder(home))
    with open_app(home) as wt:
        for kind in KINDS:
            if kind in files:
                with bar(f"import {kind}") as told:
                    spec = ImportSpec(path=files[kind], kind=kind, source_id="default")
                    wt.importer.import_file(spec, actor="demo", progress=told)
                files[kind].unlink()
    sending = Words("发送历史行为", "sending its history")
    with bar("events") as told:
        replay(
            state.spec, host, int(port), state.write_key, state.write_key,
            lambda done, expected: told(min(done / expected, 1.0), sending),
        )  # fmt: skip
    enter_marketing(home, state)
    tell_sign_ups(home, state)
    _remember(home, replace(state, filled=True))


def truth_folder(home: Path) -> Path:
    """Where a demo's truth lies: beside its home, not in it, so that nothing that reads the home can learn it."""
    return home.with_name(f"{home.name}-truth")


def enter_marketing(home: Path, state: DemoState) -> None:
    """Make the shop's channel links, enter its advertising costs and the members of its owned channels; all say simulated."""
    given = marketing(state.spec)
    with open_app(home) as wt:
        part = wt.acquisition
        today = business_day(wt.clock.now_us(), wt.settings.zone)
        file = read_costs(given.costs.encode(), COSTS, currency=state.spec.currency, today=today)
        with wt.database.begin() as tx:
            for channel, code in given.paid:
                link = NewLink(
                    name=f"{channel} 模拟", target_kind="url", target=f"https://{SHOP_HOST}/", channel=channel, code=code,
                    campaign=code, note="模拟数据 simulated",
                )  # fmt: skip
                part.links.create(tx, link, actor="demo")
            for channel in given.free:
                part.spending.declare_free(tx, channel, free=True, actor="demo")
            batch = part.spending.draft(tx, file, COSTS, actor="demo")
            part.spending.apply(tx, batch.batch_id, [], actor="demo")
            record(
                tx, wt.clock, actor="demo", action="costs.apply", object_kind="cost_batch", object_id=batch.batch_id,
                detail={"rows": batch.rows, "simulated": True},
            )  # fmt: skip
        wt.private.take_members(given.members, channel="", source_id="default")


def tell_sign_ups(home: Path, state: DemoState) -> None:
    """What the shop's server knows of each registration: who invited, and from which device, address and payout account.
    The demo's are plainly invented, as everything of it."""
    known = list(sign_ups(state.spec))
    with open_app(home) as wt:
        ids = dict.fromkeys(u for one in known for u in (one.user_id, one.inviter_id) if u is not None)
        numbers = wt.registry.numbers([("user", u) for u in ids], wt.clock.now_us())
        number = {u: numbers["user", u] for u in ids}
        rows = [
            (
                number[one.user_id], None if one.inviter_id is None else number[one.inviter_id], one.invited_us,
                one.registered_us,
            )
            for one in known
        ]  # fmt: skip
        inviters = [(row[1], None, None, None) for row in rows if row[1] is not None]
        with wt.database.begin() as tx:
            wt.risk.meet_many(tx, inviters)
            wt.risk.meet_many(tx, rows)
            wt.risk.sight_many(
                tx,
                (
                    (number[one.user_id], {"device": one.device, "ip": one.address, "payout": one.payout}, one.registered_us)
                    for one in known
                ),
            )  # fmt: skip
        wt.risk.watch_over(every_us=0)


def keep_alive(state: DemoState, address: str, stop: threading.Event, alive: Callable[[], bool]) -> None:
    """Send a trickle of present events until `stop` is set or the server ends."""
    host, _, port = address.removeprefix("http://").rpartition(":")
    sender = threading.Thread(
        target=trickle,
        args=(state.spec, host, int(port), state.write_key, EVENTS_A_SECOND, stop),
        daemon=True,
    )
    sender.start()
    while alive() and not stop.wait(0.5):
        pass
    stop.set()
    sender.join(timeout=10)


def _remember(home: Path, state: DemoState) -> None:
    descriptor = os.open(home / NOTE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(msgspec.json.encode(state))
