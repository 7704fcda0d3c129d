"""The parts that everything else stands on: the four addresses, trust, and the way of data into the house."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial

from weaktie.app.people import held_back, relink, reopen
from weaktie.app.ports import BlockedPeople, ImportSources, RelayPermits, write_grants
from weaktie.data.collect import posthog, segment, sensors, shopify, wecom, youzan
from weaktie.data.collect.contracts import Decoder
from weaktie.data.collect.history import History
from weaktie.data.collect.jobs import LakeWriter, WriterPorts
from weaktie.data.collect.keys import KeyBook
from weaktie.data.collect.live import LiveEvents
from weaktie.data.collect.replay import Mender
from weaktie.data.collect.service import Arrivals, LiveOverlay, Loader
from weaktie.data.identity.jobs import ReviewQueue
from weaktie.data.identity.service import Identity, Registry, Unidentified
from weaktie.data.imports.converters import Defaults
from weaktie.data.imports.service import Importer
from weaktie.data.profiles.permits import ConsentPermits
from weaktie.data.profiles.service import Profiles, Withdrawals
from weaktie.data.pulls.service import Pulls
from weaktie.data.quality.service import Quality
from weaktie.data.reconcile.service import Reconciler
from weaktie.data.relay.jobs import Supervisor
from weaktie.data.relay.service import Relays
from weaktie.data.sources.contracts import Traffic
from weaktie.data.tracking import tables as _  # noqa: F401  the reference of tables is made from what is wired
from weaktie.data.tracking.contracts import Parts as TrackingParts
from weaktie.data.webhooks.contracts import Strip
from weaktie.data.webhooks.service import Webhooks
from weaktie.kit.clock import Clock
from weaktie.kit.outbound import Outbound
from weaktie.kit.settings import Settings
from weaktie.store.database.service import Database
from weaktie.store.engine.contracts import Engine
from weaktie.store.engine.service import open_engine
from weaktie.store.lake.contracts import Lake
from weaktie.store.lake.service import open_lake
from weaktie.store.log.contracts import Log, Writer
from weaktie.store.log.service import open_log
from weaktie.store.runs.service import Jobs, Lease
from weaktie.trust.accounts.service import Accounts
from weaktie.trust.consent.links import Limiter
from weaktie.trust.consent.service import Consent
from weaktie.trust.rights.service import Corrections, Requests
from weaktie.trust.vault.service import DayKeys, Vault

DECODERS: dict[str, Decoder] = {
    "segment": segment.decode, "sensors": sensors.decode, "posthog": posthog.decode, "shopify": shopify.decode,
    "youzan": youzan.decode, "wecom": wecom.decode,
}  # fmt: skip
STRIPS: dict[str, Strip] = {
    "shopify": shopify.without_person, "youzan": youzan.without_person, "wecom": wecom.without_person,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BuildParts:
    """What a build works with."""

    settings: Settings
    clock: Clock
    database: Database
    lake: Lake
    engine: Engine
    people: Identity
    permits: ConsentPermits
    personal: Vault
    live: LiveOverlay
    quality: Quality


class BaseParts:
    """Parts are made when they are first used, so that a command pays for its own."""

    def __init__(self, settings: Settings, clock: Clock, database: Database) -> None:
        self.settings, self.clock, self.database = settings, clock, database

    @cached_property
    def vault(self) -> Vault:
        """Personal values, encrypted."""
        return Vault(self.database, self.settings.home)

    @cached_property
    def day_keys(self) -> DayKeys:
        """Keys of the log's days."""
        return self.vault.day_keys()

    @cached_property
    def log(self) -> Log:
        """Requests in durable order."""
        address, size = self.settings.addresses.log, self.settings.log.segment_bytes
        return open_log(address, self.settings.home, self.day_keys, self.clock, segment_bytes=size)

    @cached_property
    def log_writer(self) -> Writer:
        """This process's writer of the log: the door's and the webhooks'."""
        return self.log.writer()

    @cached_property
    def webhooks(self) -> Webhooks:
        """What other systems push to us."""
        return Webhooks(
            self.database, self.vault, self.clock, self.blocked, DECODERS, STRIPS, shopify.subject
        )

    @cached_property
    def lake(self) -> Lake:
        """Parquet files and their manifest."""
        grace = self.settings.lake.grace_seconds
        return open_lake(
            self.settings.addresses.lake, self.settings.home, self.clock, grace_seconds=grace, database=self.database
        )  # fmt: skip

    @cached_property
    def engine(self) -> Engine:
        """Queries over the lake."""
        return open_engine(self.settings.addresses.engine, self.settings.home, self.settings.engine)

    @cached_property
    def registry(self) -> Registry:
        """Numbers for identifiers."""
        return Registry(self.database, self.vault)

    @cached_property
    def identity(self) -> Identity:
        """Who is one person."""
        return Identity(self.vault)

    @cached_property
    def review_queue(self) -> ReviewQueue:
        """Questions about identity that the rules leave to people."""
        return ReviewQueue(self.database, self.clock)

    @cached_property
    def unidentified(self) -> Unidentified:
        """Orders without a buyer."""
        return Unidentified(self.database, self.lake, self.engine, self.quality)

    @cached_property
    def consent(self) -> Consent:
        """Receipts and what follows from them."""
        return Consent(self.clock, self.vault)

    @cached_property
    def consent_limiter(self) -> Limiter:
        """Limits of the personal page."""
        return Limiter()

    @cached_property
    def requests(self) -> Requests:
        """The queue of what people ask for by right."""
        return Requests(self.clock, self.vault, self.settings)

    @cached_property
    def corrections(self) -> Corrections:
        """Values that people had corrected."""
        return Corrections(self.clock, self.vault, partial(relink, self))

    @cached_property
    def permits(self) -> ConsentPermits:
        """Consent as profiles ask it."""
        return ConsentPermits(self.consent, self.identity, self.clock, self.corrections)

    @cached_property
    def accounts(self) -> Accounts:
        """People of the console and keys."""
        return Accounts(self.database, self.clock, self.settings)

    @cached_property
    def jobs(self) -> Jobs:
        """Long work."""
        return Jobs(self.database, self.clock)

    @cached_property
    def loader(self) -> Loader:
        """Bulk loads."""
        return Loader(
            database=self.database, lake=self.lake, registry=self.registry, vault=self.vault, settings=self.settings,
            clock=self.clock, held=partial(held_back, self),
        )  # fmt: skip

    @cached_property
    def history(self) -> History:
        """Calls that another system kept."""
        return History(
            database=self.database, lake=self.lake, registry=self.registry, vault=self.vault, decoders=DECODERS,
            settings=self.settings, clock=self.clock, ports=self._writer_ports,
        )  # fmt: skip

    @cached_property
    def importer(self) -> Importer:
        """Files into the lake."""
        workspace = self.settings.workspace
        return Importer(
            self.database, self.clock, self.settings.home, Defaults(workspace.timezone, workspace.currency),
            self.loader.load, ImportSources(self.clock), self.history,
        )  # fmt: skip

    @cached_property
    def outbound(self) -> Outbound:
        """The way out to addresses that people gave."""
        return Outbound(allow=self.settings.outbound.allow)

    @cached_property
    def pulls(self) -> Pulls:
        """Files and rows that come on a schedule."""
        return Pulls(self.database, self.clock, self.settings, self.importer, self.vault, self.outbound)

    @cached_property
    def quality(self) -> Quality:
        """What is no customer's doing."""
        return Quality(
            self.database, self.lake, self.engine, self.identity, self.settings, self.clock, self.permits.shown
        )  # fmt: skip

    @cached_property
    def arrivals(self) -> Arrivals:
        """What arrives now."""
        return Arrivals(self.database, self.clock)

    @property
    def decoders(self) -> Mapping[str, Decoder]:
        """Every protocol by the name under which its requests are kept."""
        return DECODERS

    @property
    def source_traffic(self) -> Traffic:
        """How much each source sent."""
        return self.arrivals.by_source

    @cached_property
    def overlay(self) -> LiveOverlay:
        """Who was seen since the last build."""
        return LiveOverlay()

    @cached_property
    def live(self) -> LiveEvents:
        """The live page's events."""
        return LiveEvents(
            database=self.database, lake=self.lake, engine=self.engine, may_be_shown=self.permits.shown
        )

    @cached_property
    def profiles(self) -> Profiles:
        """Profiles as they are published, with the live overlay."""
        return Profiles(self.build_parts)

    @cached_property
    def withdrawals(self) -> Withdrawals:
        """Takes people who withdrew out of the published generation."""
        return Withdrawals(self.build_parts, self.profiles.published)

    @cached_property
    def key_book(self) -> KeyBook:
        """Write keys at the door."""
        return KeyBook(write_grants(self.database), self.clock)

    @cached_property
    def blocked(self) -> BlockedPeople:
        """Of whom nothing may be kept."""
        people = BlockedPeople(self.database, self.consent, self.vault)
        people.start()
        return people

    @property
    def build_parts(self) -> BuildParts:
        """What a build works with."""
        return BuildParts(
            self.settings, self.clock, self.database, self.lake, self.engine, self.identity, self.permits, self.vault,
            self.overlay, self.quality,
        )  # fmt: skip

    @property
    def tracking_parts(self) -> TrackingParts:
        """What the check against the tracking plan works with."""
        return TrackingParts(self.database, self.lake, self.clock, self.settings)

    @cached_property
    def mender(self) -> Mender:
        """Dead letters, mended and replayed."""
        return Mender(
            database=self.database, keys=self.day_keys, settings=self.settings, clock=self.clock, decoders=DECODERS,
            blocked=lambda: self.blocked, writer=self.lake_writer,
        )  # fmt: skip

    @cached_property
    def relays(self) -> Relays:
        """Requests on their way to the system that is being left."""
        return Relays(
            self.database, self.clock, self.vault, self.log, self.lake, self.engine,
            Outbound(self.settings.outbound.allow, timeout_s=10.0), self.settings.log.keep_days, self.settings.home,
        )  # fmt: skip

    def relay_supervisor(self) -> Supervisor:
        """The consumers that relay; one process runs them."""
        permits = RelayPermits(
            self.database, self.blocked, self.permits, self.identity, self.vault, self.clock
        )
        return Supervisor(self.relays, DECODERS, permits, self.settings.zone)

    @cached_property
    def reconciler(self) -> Reconciler:
        """Our orders against what another system says."""
        return Reconciler(
            self.database, self.clock, self.lake, self.engine, self.importer, self.quality, self.settings.workspace.timezone,
            self.settings.home,
        )  # fmt: skip

    def lake_writer(self, held: Lease | None = None) -> LakeWriter:
        """What brings events into the lake; `held` is the consumer's lease where it reads the log."""
        return LakeWriter(
            database=self.database, log=self.log, lake=self.lake, registry=self.registry, vault=self.vault,
            decoders=DECODERS, settings=self.settings, clock=self.clock, lease=held, ports=self._writer_ports,
        )  # fmt: skip

    @property
    def _writer_ports(self) -> WriterPorts:
        """What writers ask of the floor of trust."""
        return WriterPorts(partial(held_back, self), self.consent.ages.state, partial(reopen, self))
