"""Where a channel link may lead, and the address it becomes: nothing but https to hosts that the operator allowed. Pure."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from weaktie.data.acquisition.contracts import BadLink, Link, TargetKind
from weaktie.kit.words import Words

CODE = re.compile(r"[A-Za-z0-9_-]{2,64}")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+")
_PATH = re.compile(r"/?[A-Za-z0-9_\-/.]{1,400}(\?[A-Za-z0-9_\-=&.%:,]{0,600})?")


def allowed_hosts(setting: str) -> tuple[str, ...]:
    """The hosts of the setting, lower case; `*.` in front allows everything below a host and not the host itself."""
    return tuple(part.strip().lower() for part in setting.split(",") if part.strip())


def is_allowed(host: str, allowed: tuple[str, ...]) -> bool:
    """Whether a host is one of those, or below one that stands with `*.`."""
    return any(host == one or (one.startswith("*.") and host.endswith(one[1:])) for one in allowed)


def check_target(kind: TargetKind, target: str, hosts: str) -> None:
    """Raises BadLink unless a link may lead there."""
    if kind == "mini_program":
        if not _PATH.fullmatch(target):
            raise BadLink(
                "target",
                Words(
                    "小程序路径无效，例如 pages/index/index?id=1。",
                    "The mini-program path is not valid; one is pages/index/index?id=1.",
                ),
            )  # fmt: skip
        return
    host = host_of(target)
    if host is None:
        raise BadLink(
            "target",
            Words(
                "目标地址必须是 https:// 开头的完整网址，不能带用户名或端口。",
                "The target has to be a full https:// address without user or port.",
            ),
        )  # fmt: skip
    if not is_allowed(host, allowed_hosts(hosts)):
        raise BadLink(
            "target",
            Words(
                f"域名 {host} 不在允许跳转的域名中，请管理员在设置 acquisition.hosts 中加入。",
                f"The host {host} is not among those that links may lead to; add it to the setting acquisition.hosts.",
            ),
        )


def host_of(target: str) -> str | None:
    """The host of a full https address; None for anything else. Browsers read backslashes, blanks and control characters in
    their own ways, so that an address with one of them is none."""
    if (
        len(target) > 2000
        or re.search(r"[\\\s\x00-\x20\x7f-\x9f]", target)
        or not target.startswith("https://")
    ):
        return None
    try:
        parts = urlsplit(target)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return None
    if port not in (None, 443) or "@" in parts.netloc or not _HOST.fullmatch(host):
        return None
    if parts.netloc.lower() not in (host, f"{host}:443"):
        return None
    return host


def marks_of(link: Link) -> dict[str, str]:
    """What is added to the target, so that events say where somebody came from."""
    marks = {
        "utm_source": link.channel, "utm_medium": link.medium or "link", "utm_campaign": link.campaign or link.code,
        "utm_content": link.code, "code": link.code,
    }  # fmt: skip
    return {name: value for name, value in marks.items() if value}


def address_of(link: Link) -> str:
    """The target with our marks: its own other parameters and its fragment stay, its own utm_ parameters go."""
    return with_marks(link.target, marks_of(link))


def with_marks(target: str, marks: Mapping[str, str]) -> str:
    """An address or mini-program path with parameters set."""
    parts = urlsplit(target)
    query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k not in marks]
    return urlunsplit(parts._replace(query=urlencode([*query, *marks.items()])))
