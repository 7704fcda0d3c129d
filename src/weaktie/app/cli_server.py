"""Commands that serve: serve, worker, simulate, demo."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from weaktie.app.cli import DEFAULT_HOME, Home, app, screen
from weaktie.app.cli_data import Bar, build_once
from weaktie.app.demo import begin_demo, fill_demo, keep_alive
from weaktie.app.wiring import open_app
from weaktie.app.worker import run_worker
from weaktie.kit.clock import SystemClock
from weaktie.kit.logs import configure

DEMO_HOME = Path("weaktie-demo")


@app.command()
def serve(
    home: Home = DEFAULT_HOME,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Only take requests in; run `weaktie worker` elsewhere.")
    ] = False,
) -> None:
    """Serve the door, the API and the console; the worker runs as a child process."""
    from weaktie.app.server import serve as run_server  # the other commands need no HTTP

    configure()
    with open_app(home) as wt:
        door = wt.settings.door
        token = wt.setup_token()

        def told(address: str) -> None:
            print(f"weaktie is at {address}", flush=True)
            if token is not None:
                print(f"set up the first account: {address}/setup?token={token}", flush=True)

        run_server(
            wt, host or door.host, door.port if port is None else port, worker=not no_worker, told=told
        )


@app.command()
def worker(
    home: Home = DEFAULT_HOME,
    watch_parent: Annotated[
        bool, typer.Option("--watch-parent", help="End when standard input closes.", hidden=True)
    ] = False,
) -> None:
    """Bring requests into the lake and run jobs; `weaktie serve` starts one by itself."""
    configure()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    run_worker(home, watch_parent=watch_parent)


@app.command()
def demo(
    home: Home = DEMO_HOME,
    port: Annotated[int, typer.Option(help="Port of the console.")] = 8765,
    users: Annotated[int, typer.Option(help="People of the simulated shop.", min=20)] = 20_000,
    seed: Annotated[int, typer.Option(help="Seed; the same seed makes the same shop.", min=0)] = 1,
    days: Annotated[int, typer.Option(help="Days of history.", min=2)] = 90,
    once: Annotated[
        bool, typer.Option("--once", help="End when the shop is built, without live events.")
    ] = False,
) -> None:
    """A simulated shop, labelled as such: makes a home, fills it over the public protocols, builds, serves, lives on."""
    configure("warning")
    clock = SystemClock()
    state = begin_demo(home, clock, users=users, seed=seed, days=days)
    server = _start_server(home, port)
    try:
        address = _address_of(home, server)
        screen.print(f"console   {address}  (getting ready)" if not state.filled else f"console   {address}")
        if not state.filled:
            fill_demo(home, state, address, Bar)
            with open_app(home) as wt, Bar("build") as bar:
                build_once(wt, bar)
        with open_app(home) as wt:
            token = wt.setup_token()
        screen.print(
            f"[bold]ready[/bold]     {address}" + (f"/setup?token={token}" if token else ""), soft_wrap=True
        )
        screen.print("          simulated data 模拟数据; stop with Ctrl-C")
        if once:
            return
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        keep_alive(state, address, stop, lambda: server.poll() is None)
    except KeyboardInterrupt:
        pass
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            server.kill()


def _start_server(home: Path, port: int) -> "subprocess.Popen[bytes]":
    (home / "run" / "server.json").unlink(missing_ok=True)
    command = [sys.executable, "-m", "weaktie", "serve", "--home", str(home), "--port", str(port)]
    return subprocess.Popen(  # noqa: S603  our own command
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
    )


def _address_of(home: Path, server: "subprocess.Popen[bytes]") -> str:
    """Wait until the server answers; raises typer.Exit when it ends instead."""
    note = home / "run" / "server.json"
    for _ in range(600):
        if server.poll() is not None:
            raise typer.Exit(server.returncode or 1)
        if note.exists():
            found = msgspec.json.decode(note.read_bytes(), type=dict[str, str | int])
            if found.get("pid") == server.pid and _answers(str(found["address"])):
                return str(found["address"])
        time.sleep(0.1)
    raise typer.Exit(1)


def _answers(address: str) -> bool:
    import http.client

    host, _, port = address.removeprefix("http://").rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=2)
    try:
        connection.request("GET", "/api/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
