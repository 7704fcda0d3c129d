"""Seed files for look-alike audiences: hashed phones of people who granted marketing and, separately, sharing."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import numpy as np
from sqlalchemy import Connection

from weaktie.data.acquisition.contracts import Seeds
from weaktie.data.behaviour.contracts import I32, Crowd
from weaktie.data.profiles.contracts import U8, Permits
from weaktie.store.database.service import Database
from weaktie.trust.consent.contracts import Purpose

Algorithm = Literal["sha256", "md5"]
PEOPLE_AT_ONCE = 5_000
_MAINLAND = re.compile(r"(?:\+?86|0086)?(1[3-9]\d{9})")


class Personal(Protocol):
    """The vault, as far as a seed file needs it."""

    def open(self, tx: Connection, alias_nos: Sequence[int], /) -> Mapping[int, Mapping[str, str]]:
        """Personal values by identifier and field."""
        ...


class Separate(Protocol):
    """Consent, as far as a seed file needs it."""

    def separate_masks(self, connection: Connection, person_of: I32, /) -> U8:
        """The separate consents that stand, as masks by person number."""
        ...


def mainland_phone(value: str) -> str | None:
    """The 11 digits of a mobile number of the mainland, as 巨量引擎 and 腾讯广告 hash them; None for any other."""
    found = _MAINLAND.fullmatch(re.sub(r"[\s\-()]", "", value))
    return found[1] if found else None


def hashed(phone: str, algorithm: Algorithm) -> str:
    """Lower-case hexadecimal digest of the digits."""
    if algorithm == "md5":
        return hashlib.md5(phone.encode(), usedforsecurity=False).hexdigest()
    return hashlib.sha256(phone.encode()).hexdigest()


class SeedMaker:
    """Makes seed files. Nothing but digests leaves it."""

    def __init__(self, database: Database, permits: Permits, consent: Separate, personal: Personal) -> None:
        self._database, self._permits, self._consent, self._personal = database, permits, consent, personal

    def make(self, people: I32, crowd: Crowd, algorithm: Algorithm) -> Seeds:
        """Digests of the phones of these people (who may be analysed), ascending, so that their order says nothing.

        Consent is asked for now: who does not grant marketing, or has not separately granted sharing (PIPL 23), is left out.
        """
        left_out = {"no_marketing": 0, "no_sharing": 0, "no_phone": 0, "bad_phone": 0}
        digests: set[str] = set()
        with self._database.connect() as connection:
            granted, _ = self._permits.masks(connection, crowd.persons)
            separate = self._consent.separate_masks(connection, crowd.persons)
            markets = (granted[people] & np.uint8(Purpose.MARKETING)) != 0
            shares = (separate[people] & np.uint8(Purpose.SHARING)) != 0
            left_out["no_marketing"] = int(np.count_nonzero(~markets))
            left_out["no_sharing"] = int(np.count_nonzero(markets & ~shares))
            may = people[markets & shares]
            for at in range(0, len(may), PEOPLE_AT_ONCE):
                for phones in self._phones(connection, may[at : at + PEOPLE_AT_ONCE], crowd):
                    usable = [p for p in map(mainland_phone, phones) if p is not None]
                    if not usable:
                        left_out["bad_phone" if phones else "no_phone"] += 1
                    digests.update(hashed(p, algorithm) for p in usable)
        return Seeds(sorted(digests), len(people), left_out)

    def _phones(self, connection: Connection, people: I32, crowd: Crowd) -> list[list[str]]:
        aliases = np.flatnonzero(np.isin(crowd.persons, people))
        opened = self._personal.open(connection, aliases.tolist())
        found: dict[int, list[str]] = {int(p): [] for p in people}
        for alias in aliases.tolist():
            phone = opened.get(alias, {}).get("phone")
            if phone:
                found[int(crowd.persons[alias])].append(phone)
        return list(found.values())
