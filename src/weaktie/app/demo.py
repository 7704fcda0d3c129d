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
from weaktie.data.imports.contracts import KINDS, ImportSpec
from weaktie.kit.clock import Clock
from weaktie.kit.errors import Conflict
from weaktie.kit.words import Words
from weaktie.simulate.contracts import MarketSpec
from weaktie.simulate.service import replay, trickle, write_entities, write_truth
from weaktie.store.runs.contracts import Progress

NOTE = "demo.json"
EVENTS_A_SECOND = 6.0
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
    write_truth(state.spec, home / "truth")
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
    _remember(home, replace(state, filled=True))


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
