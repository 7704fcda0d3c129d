"""Commands about the home itself: init, key create, status, doctor, upgrade."""

from typing import Annotated

import typer

from weaktie.app.cli import DEFAULT_HOME, AsJson, Home, app, key_app, out, screen
from weaktie.app.doctor import examine
from weaktie.app.home import FORMAT, HomeFormat, check_home, make_home, stamp_of, write_stamp
from weaktie.app.status import status_of
from weaktie.app.wiring import open_app, prepare_home
from weaktie.kit.clock import SystemClock
from weaktie.kit.settings import load
from weaktie.store.database.jobs import upgrade as upgrade_database
from weaktie.store.database.service import open_database


@app.command()
def init(
    home: Home = DEFAULT_HOME,
    timezone: Annotated[str, typer.Option(help="Zone of business dates (IANA name).")] = "Asia/Shanghai",
    currency: Annotated[str, typer.Option(help="Currency in which amounts are summed (ISO 4217).")] = "CNY",
    lang: Annotated[str, typer.Option(help="Default language of the console: zh-CN or en.")] = "zh-CN",
    name: Annotated[str, typer.Option(help="Name of the workspace.")] = "weaktie",
) -> None:
    """Make a home: settings, database, master key, one source with its write key. Prints the set-up link."""
    home.mkdir(parents=True, exist_ok=True)
    load(
        home,
        {
            "WEAKTIE_WORKSPACE_TIMEZONE": timezone,
            "WEAKTIE_WORKSPACE_CURRENCY": currency,
            "WEAKTIE_WORKSPACE_LANGUAGE": lang,
        },
    )
    make_home(home, {"name": name, "timezone": timezone, "currency": currency, "language": lang})
    made = prepare_home(home, SystemClock())
    print(f"home      {home.resolve()}")
    print(f"set-up    open the console at /setup?token={made.setup_token} after `weaktie serve`")
    print(f"write key {made.write_key}")


@key_app.command("create")
def key_create(
    kind: Annotated[str, typer.Option(help="write (sends events) or read (reads profiles).")],
    name: Annotated[str, typer.Option(help="What the key is for.")],
    home: Home = DEFAULT_HOME,
    source: Annotated[
        str | None, typer.Option(help="Source that a write key feeds; the default source without.")
    ] = None,
) -> None:
    """Make an API key; it is printed alone on the last line and never shown again."""
    with open_app(home) as wt:
        print(wt.create_key(kind, name, source_id=source, actor="cli"))


@app.command()
def status(home: Home = DEFAULT_HOME, as_json: AsJson = False) -> None:
    """What the home holds. Where no server runs, waiting requests are brought into the lake first."""
    with open_app(home) as wt:
        found = status_of(wt, enter=True)
    out(found, as_json=as_json, lines=[f"{name:<14}{value}" for name, value in found.items()])


@app.command()
def doctor(home: Home = DEFAULT_HOME, as_json: AsJson = False) -> None:
    """Say what is wrong and how to mend it; ends with status 1 when something is."""
    checks = examine(home, SystemClock())
    lines = []
    for check in checks:
        lines.append(f"{'ok ' if check.ok else 'BAD'} {check.name:<12}{check.message.en}")
        if not check.ok:
            lines.append(f"{'':16}→ {check.mend.en}")
    out([check.as_dict() for check in checks], as_json=as_json, lines=lines)
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


@app.command()
def upgrade(home: Home = DEFAULT_HOME) -> None:
    """Bring the home and its database to the format of this release; running it again changes nothing."""
    before = stamp_of(home)
    if before > FORMAT:
        raise HomeFormat(before)
    settings = load(home)
    database = open_database(settings.addresses.database, home)
    try:
        reached = upgrade_database(database)
    finally:
        database.close()
    write_stamp(home)
    check_home(home)
    screen.print(f"home format {before} → {stamp_of(home)}, database at revision {reached}")
