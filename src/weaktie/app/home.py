"""The home folder of a deployment: making one, and checking that this release can read it."""

from pathlib import Path

import msgspec

from weaktie import __version__
from weaktie.kit.errors import Conflict, NotFound
from weaktie.kit.settings import render_toml
from weaktie.kit.words import Words

FORMAT = 1
STAMP = "format"


class NoHome(NotFound):
    """The folder is not a weaktie home."""

    def __init__(self, home: Path) -> None:
        super().__init__(
            "no_home",
            Words(
                f"{home} 不是 weaktie 数据目录。请先运行 weaktie init --home {home}。",
                f"{home} is not a weaktie home. Run: weaktie init --home {home}",
            ),
            place=str(home),
        )


class HomeFormat(Conflict):
    """The home was written by another format of weaktie."""

    def __init__(self, found: int) -> None:
        older = found < FORMAT
        super().__init__(
            "home_format",
            Words(
                f"数据目录格式为 {found}，本版本需要 {FORMAT}。"
                + ("请运行 weaktie upgrade。" if older else "请安装更新的 weaktie。"),
                f"The home has format {found}, this release needs {FORMAT}. "
                + ("Run weaktie upgrade." if older else "Install a newer weaktie."),
            ),
            place=STAMP,
        )


class HomeExists(Conflict):
    """A home is already there; nothing was changed."""

    def __init__(self, home: Path) -> None:
        super().__init__(
            "home_exists",
            Words(
                f"{home} 已经是 weaktie 数据目录，未作任何修改。",
                f"{home} is already a weaktie home; nothing was changed.",
            ),
            place=str(home),
        )


def make_home(home: Path, workspace: dict[str, object]) -> None:
    """Make the folder with `weaktie.toml` and the format stamp; raises HomeExists."""
    if (home / STAMP).exists():
        raise HomeExists(home)
    for part in ("log", "lake", "published", "keys", "imports", "run", "journal"):
        (home / part).mkdir(parents=True, exist_ok=True)
    (home / "keys").chmod(0o700)
    settings_file = home / "weaktie.toml"
    if not settings_file.exists():
        settings_file.write_text(render_toml({"workspace": workspace}), "utf-8")
    write_stamp(home)


def write_stamp(home: Path) -> None:
    """Mark the home with the format of this release."""
    (home / STAMP).write_bytes(msgspec.json.encode({"format": FORMAT, "written_by": __version__}))


def stamp_of(home: Path) -> int:
    """The format the home is in; raises NoHome."""
    try:
        stamp: dict[str, object] = msgspec.json.decode((home / STAMP).read_bytes())
        return int(str(stamp["format"]))
    except FileNotFoundError:
        raise NoHome(home) from None
    except (msgspec.DecodeError, KeyError, TypeError, ValueError):
        raise HomeFormat(0) from None


def check_home(home: Path) -> None:
    """Raises NoHome or HomeFormat unless this release can work in the home."""
    found = stamp_of(home)
    if found != FORMAT:
        raise HomeFormat(found)
