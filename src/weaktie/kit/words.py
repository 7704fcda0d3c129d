"""Text shown to people, in both languages of the console."""

from dataclasses import dataclass
from typing import Literal

Language = Literal["zh-CN", "en"]
LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")


@dataclass(frozen=True, slots=True)
class Words:
    """One text in Chinese and English; both must be given where the thing is declared."""

    zh: str
    en: str

    def __post_init__(self) -> None:
        assert self.zh and self.en, "a text needs both languages"

    def in_language(self, language: str) -> str:
        """The text in `language`; anything that does not start with `en` reads Chinese, the default."""
        return self.en if language.lower().startswith("en") else self.zh

    def as_dict(self) -> dict[str, str]:
        """The shape in which the HTTP API gives a text: `{"zh": …, "en": …}`."""
        return {"zh": self.zh, "en": self.en}
