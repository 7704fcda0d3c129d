"""Which user agents are known crawlers, by the list that crawler-user-agents keeps.

HTTP libraries are no crawlers here: a shop's server speaks for its visitors through one. Previews of shared links are
none either, because the apps that make them name themselves alike in the browsers inside them, which people use.
"""

import re
from functools import cache, lru_cache

PEOPLE_USE = frozenset({"http-library", "social-preview"})
BROWSERS = re.compile(r"Sogou(?:Mobile)?(?:Browser|MSE)|MetaSr")
"""Browsers of people whose name a pattern of the list also meets."""


@cache
def _pattern() -> re.Pattern[str]:
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # a large list: who never asks does not read it

    known = (
        entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA if not PEOPLE_USE & set(entry.get("tags", ()))
    )
    return re.compile("|".join(f"(?:{pattern})" for pattern in known))


@lru_cache(maxsize=20_000)
def crawler_of(user_agent: str) -> str | None:
    """The part of a user agent that names a known crawler or an automated browser, or None."""
    found = _pattern().search(user_agent)
    if found is None or BROWSERS.search(user_agent):
        return None
    return found.group()
