"""The catalogue of tags as segments ask it."""

from weaktie.data.profiles.service import BY_KEY, DIMENSION_WORDS
from weaktie.data.segments.contracts import TagInfo, TagType

_TYPES: dict[str, TagType] = {
    "text": "text", "int": "number", "float": "number", "money": "money", "bool": "bool", "day": "day",
}  # fmt: skip


class CatalogueTags:
    """`segments.contracts.TagBook` over the built-in tags."""

    def tag(self, key: str) -> TagInfo | None:
        """A tag by its key."""
        found = BY_KEY.get(key)
        if found is None:
            return None
        return TagInfo(
            found.key, found.words, _TYPES[found.dtype], DIMENSION_WORDS[found.dimension], found.unit, found.labels or {}
        )  # fmt: skip

    def tags(self) -> list[TagInfo]:
        """All of them in the order in which pages show them."""
        return [info for key in BY_KEY if (info := self.tag(key)) is not None]
