"""Everything is wired here, once: which part gets which. No other module knows how a part is made."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from sqlalchemy import Connection

from weaktie.ai.influence.service import InfluenceEraser, InfluenceExporter
from weaktie.app.home import check_home
from weaktie.app.people import person_at
from weaktie.app.wiring_referral import ReferralParts
from weaktie.business.loyalty.erase import LoyaltyEraser, LoyaltyExporter
from weaktie.business.referral.erase import ReferralEraser, ReferralExporter
from weaktie.business.risk.erase import RiskEraser, RiskExporter
from weaktie.data.collect.erase import CollectEraser, CollectExporter
from weaktie.data.flags.erase import FlagsEraser, FlagsExporter
from weaktie.data.graph.erase import GraphEraser, GraphExporter
from weaktie.data.identity.erase import IdentityEraser, IdentityExporter
from weaktie.data.identity.service import all_lookups
from weaktie.data.imports.erase import ImportsEraser, ImportsExporter
from weaktie.data.profiles.service import ProfileEraser, ProfileExporter
from weaktie.data.quality.erase import QualityEraser, QualityExporter
from weaktie.data.segments.service import SegmentsEraser, SegmentsExporter
from weaktie.data.sources import service as sources
from weaktie.data.sources.contracts import DEFAULT_SOURCE_ID
from weaktie.data.tags.erase import TagsEraser, TagsExporter
from weaktie.data.tracking import tables as _  # noqa: F401  the reference of tables is made from what is wired
from weaktie.data.webhooks.erase import WebhooksEraser, WebhooksExporter
from weaktie.kit.clock import Clock, SystemClock
from weaktie.kit.settings import load
from weaktie.store.database.jobs import upgrade as upgrade_database
from weaktie.store.database.service import open_database
from weaktie.trust.audit.service import record
from weaktie.trust.consent.erase import ConsentExporter
from weaktie.trust.ledger.erase import LedgerEraser, LedgerExporter
from weaktie.trust.rights.contracts import Person
from weaktie.trust.rights.service import Rights, RightsExporter, VaultExporter
from weaktie.trust.vault.service import Vault


class App(ReferralParts):
    """One process's parts over one home. Parts are made when they are first used, so that a command pays for its own."""

    @cached_property
    def rights(self) -> Rights:
        """Erasure of people from every store that keeps data about them."""
        identity = IdentityEraser(self.database, self.vault)
        return Rights(
            self.database, self.clock, self.settings.home, self.vault, self.consent,
            person_of=self._person_of, bury=identity.bury, lookups_of=all_lookups,
            erasers=(
                ProfileEraser(self.build_parts), CollectEraser(self.database, self.lake, self.clock),
                ImportsEraser(self.importer), WebhooksEraser(self.database, self.identity.names_one_of), QualityEraser(self.database),
                SegmentsEraser(self.database), TagsEraser(self.database, self.lake, self.engine, self.clock),
                LoyaltyEraser(self.database, self.coupons), LedgerEraser(self.database, self.ledger), GraphEraser(self),
                InfluenceEraser(self.database), FlagsEraser(self.database), RiskEraser(self.database),
                ReferralEraser(self.database, lambda: self.referral.book), identity,
            ),
            exporters=(
                VaultExporter(self.vault), ConsentExporter(), RightsExporter(self.requests),
                ProfileExporter(self.build_parts, self.profiles.published), CollectExporter(self.lake, self.engine),
                ImportsExporter(), WebhooksExporter(self.identity.names_one_of), QualityExporter(),
                SegmentsExporter(), TagsExporter(self.lake, self.engine), LoyaltyExporter(), LedgerExporter(),
                GraphExporter(self.lake, self.engine), InfluenceExporter(), FlagsExporter(), RiskExporter(), ReferralExporter(),
                IdentityExporter(),
            ),
            requests=self.requests, corrections=self.corrections, person_at=partial(person_at, self),
        )  # fmt: skip

    def _person_of(self, connection: Connection, user_id: str) -> Person | None:
        alias_no = self.identity.find(connection, user_id)
        if alias_no is None:
            return None
        members = self.identity.component(connection, alias_no)
        return Person(min(members), tuple(members))

    def note(
        self, actor: str, action: str, object_kind: str, object_id: str, detail: dict[str, object]
    ) -> None:
        """Put one line into the audit chain, in a transaction of its own."""
        with self.database.begin() as tx:
            record(
                tx,
                self.clock,
                actor=actor,
                action=action,
                object_kind=object_kind,
                object_id=object_id,
                detail=detail,
            )

    def create_key(self, kind: str, name: str, *, source_id: str | None, actor: str) -> str:
        """Make a key, audited; a write key without a source feeds the default one."""
        with self.database.begin() as tx:
            if kind == "write":
                source_id = sources.find(tx, source_id or DEFAULT_SOURCE_ID).source_id
            plaintext = self.accounts.create_key(tx, kind, name, source_id=source_id)
            record(
                tx, self.clock, actor=actor, action="key.create", object_kind="key", object_id=name,
                detail={"kind": kind, "source_id": source_id},
            )  # fmt: skip
        return plaintext

    def setup_token(self) -> str | None:
        """The token of a new set-up link while nobody has an account yet."""
        with self.database.begin() as tx:
            return self.accounts.setup_link(tx)

    def close(self) -> None:
        """Give everything back."""
        if "poster" in self.__dict__:
            self.poster.stop()
        if "blocked" in self.__dict__:
            self.blocked.stop()
        if "log_writer" in self.__dict__:
            self.log_writer.close()
        if "sql_runner" in self.__dict__:
            self.sql_runner.close()
        if "engine" in self.__dict__:
            self.engine.close()
        self.database.close()


@contextmanager
def open_app(home: Path, clock: Clock | None = None) -> Iterator[App]:
    """The parts over a home, given back at the end; raises NoHome, HomeFormat or BadSetting.

    A database that is behind this release's schema is brought up to it first.
    """
    check_home(home)
    settings = load(home)
    database = open_database(settings.addresses.database, settings.home)
    try:
        upgrade_database(database)
        app = App(settings, clock or SystemClock(), database)
    except BaseException:
        database.close()
        raise
    try:
        yield app
    finally:
        app.close()


@dataclass(frozen=True, slots=True)
class Prepared:
    """The secrets of a new home, shown once."""

    write_key: str
    setup_token: str | None


def prepare_home(home: Path, clock: Clock, *, simulated: bool = False) -> Prepared:
    """Database, master key, default source with a write key, one-time set-up link."""
    settings = load(home)
    database = open_database(settings.addresses.database, settings.home)
    upgrade_database(database)
    Vault.create(database, settings.home)
    app = App(settings, clock, database)
    try:
        with database.begin() as tx:
            basis = dict.fromkeys(sources.OWN_SERVICE_BASIS, "consented_upstream") if simulated else None
            sources.ensure_default(tx, clock, simulated=simulated, basis=basis)
        key = app.create_key("write", "default", source_id=None, actor="system")
        with database.begin() as tx:
            return Prepared(key, app.accounts.setup_link(tx))
    finally:
        app.close()
