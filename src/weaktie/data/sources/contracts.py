"""A source of data, as callers see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from weaktie.kit.words import Words

DEFAULT_SOURCE_ID = "default"
SOURCE_KINDS: dict[str, Words] = {
    "web": Words("网站", "Website"),
    "app": Words("移动应用", "Mobile app"),
    "miniprogram": Words("小程序", "Mini program"),
    "server": Words("服务端", "Server"),
    "import": Words("文件导入", "File import"),
    "demo": Words("模拟数据", "Simulated shop"),
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where data comes from. `basis` maps each purpose to contract, consented_upstream or ask_us; `basis_version` counts
    its changes; `purposes` is the mask that follows from it."""

    source_id: str
    name: str
    kind: str
    simulated: bool
    basis: dict[str, str]
    basis_version: int
    purposes: int
    created_us: int
    archived_us: int | None


class Traffic(Protocol):
    """Where the collector tells how much each source sent."""

    def __call__(self) -> Mapping[str, tuple[int, int | None]]:
        """For each source id: events of the last 24 hours, and the last event's instant."""
        ...
