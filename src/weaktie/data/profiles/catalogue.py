"""All tags, in the order in which pages show them, and the columns of `user_tags` that follow from them."""

import hashlib

from weaktie.data.profiles import tags_basic, tags_behaviour, tags_social, tags_spending
from weaktie.data.profiles.tables import USER_DAY, register_user_tags
from weaktie.data.profiles.tags import ARROW, Aggregate, Tag, merged
from weaktie.store.lake.tables import Column

TAGS: tuple[Tag, ...] = (*tags_basic.TAGS, *tags_behaviour.TAGS, *tags_social.TAGS, *tags_spending.TAGS)
BY_KEY: dict[str, Tag] = {tag.key: tag for tag in TAGS}
assert len(BY_KEY) == len(TAGS), "two tags have one key"

LAST_US = Aggregate("user_day", "max", "last_us")
FIRST_US = Aggregate("user_day", "min", "first_us")
EVENTS = Aggregate("user_day", "sum", "events")
SHOWN: tuple[Aggregate, ...] = (LAST_US, FIRST_US, EVENTS, tags_basic.REGISTERED_US)
"""Facts that the list of users shows beside the tags."""

NEEDS = merged(TAGS, SHOWN)
USER_TAGS = register_user_tags(tuple(Column(tag.key, ARROW[tag.dtype], tag.definition) for tag in TAGS))

REVISION = "2"
"""Raised by hand when the meaning of a computation changes without a change of its declaration."""


def code_version() -> str:
    """A short hash of what is computed; another one makes every profile be computed anew."""
    parts = [REVISION, str(USER_DAY.schema), str(USER_TAGS.schema)]
    parts += [f"{t.key}|{t.definition.en}|{[a.name for a in t.needs]}|{t.window_days}" for t in TAGS]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
