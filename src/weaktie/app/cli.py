"""`weaktie`: the command line. Every command works on a home and speaks `--json` where a script may read it."""

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import typer
from rich.console import Console

from weaktie import __version__
from weaktie.kit.errors import Refused
from weaktie.kit.logs import configure

app = typer.Typer(
    name="weaktie",
    help="weaktie (弱连接): a self-hosted growth platform for social commerce.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
key_app = typer.Typer(help="API keys.", no_args_is_help=True)
app.add_typer(key_app, name="key")
screen = Console(stderr=True, highlight=False)

Home = Annotated[Path, typer.Option("--home", envvar="WEAKTIE_HOME", help="Folder that holds everything.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, for scripts.")]
DEFAULT_HOME = Path("weaktie-home")


def out(value: object, *, as_json: bool, lines: list[str]) -> None:
    """Print the answer of a command on standard output."""
    if as_json:
        print(msgspec.json.encode(value).decode())
    else:
        for line in lines:
            print(line)


def refuse(error: Refused) -> NoReturn:
    """Tell a refusal in both languages and end with status 2."""
    screen.print(f"[red]{error.code}[/red] {error.words.en}", soft_wrap=True)
    screen.print(f"{error.words.zh}", soft_wrap=True)
    raise SystemExit(2)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"weaktie {__version__}")
        raise typer.Exit


@app.callback()
def _start(
    version: Annotated[  # noqa: ARG001  its callback answers
        bool,
        typer.Option("--version", help="Print the version and end.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """weaktie (弱连接): a self-hosted growth platform for social commerce."""
    configure("warning")  # standard output belongs to the command's answer


def main() -> None:
    """The console script."""
    from weaktie.app import cli_backup, cli_data, cli_home, cli_server  # noqa: F401  they register their commands

    try:
        app()
    except Refused as error:
        refuse(error)
    except KeyboardInterrupt:
        sys.exit(130)
