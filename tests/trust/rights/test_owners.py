"""Every table either belongs to somebody who erases and exports it, or says here why nobody is in it."""

import pytest

from tests.suites.homes import bring_in, fresh_app, put, track
from weaktie.app.cli_data import build_once
from weaktie.store.database.tables import metadata
from weaktie.store.lake.tables import TABLES

NOBODY = {
    "accounts of the shop's own staff": {"accounts", "account_links", "api_keys", "sessions", "sign_in_tries"},
    "settings and work of the shop's own staff": {
        "audit_head", "audit_log", "build_state", "consumer_offsets", "generations", "import_mappings", "imports", "jobs",
        "lake_columns", "lake_files", "lake_versions", "leases", "pull_files", "pull_runs", "pulls", "relays", "source_bases", "sources",
        "webhooks", "consent_notices", "segment_versions", "acquisition_links", "acquisition_naming_rules", "acquisition_channels",
        "acquisition_campaign_channels", "rfm_rules", "influence_rules", "saved_funnels", "custom_metrics",
        "tag_definitions", "tag_failures", "tag_versions", "tag_words", "risk_rules", "flag_experiments",
        "referral_campaigns", "referral_versions", "referral_offers", "referral_hooks",
    },
    "rules of coupons and points, shop systems, budgets by name, and how far the ledger was checked": {
        "coupon_templates", "ledger_budgets", "ledger_checks", "ledger_head", "loyalty_shops", "points_goods", "points_reading",
        "points_rules",
    },
    "transfers: they name people by the number of an account alone, and accounts are exported and lose their name": {
        "ledger_memos", "ledger_rows",
    },
    "costs by day and campaign, and opens of links by day": {
        "acquisition_cost_batches", "acquisition_costs", "acquisition_opens",
    },
    "queries and boards as the shop's own staff wrote them, without results": {
        "board_versions", "boards", "sql_queries", "sql_query_versions", "sql_runs",
    },
    "what was asked of seeds and how far they reach: their people stand apart": {"influence_plans"},
    "numbers that count, and name nobody": {
        "alias_counter", "influence_turns", "collect_counters", "consent_changes", "live_minutes", "relay_counts", "relay_vendor_counts",
        "tracking_alerts", "tracking_files", "tracking_known", "tracking_observed", "tracking_plans", "tracking_seen",
        "tracking_trait_updates", "tracking_trait_violations", "tracking_violations", "tie_builds",
    },
    "made-up cases": {"risk_canaries"},
    "orders without their buyers": {"reconciliations", "reconciliation_orders"},
    "keyed hashes that keep an erased person away, and the proof of an erasure": {
        "consent_blocks", "erasures", "erasure_steps",
    },
    "hashes of deliveries": {"loyalty_nonces", "webhook_nonces"},
    "events that could not be read, so that nobody knows whose they are: sealed under the key of their day, which is destroyed": {
        "dead_letters",
    },
    "questions about identifiers by number, found anew from links and erased with them": {"identity_reviews"},
    "groups that buy together, without their members, and messages that name a friend, reward or group by its row": {
        "referral_groups", "referral_deliveries",
    },
    "keys": {"vault_day_keys", "vault_keys", "vault_master"},
}  # fmt: skip
"""Database tables without anybody's data, by reason."""
UNDER_ANOTHER_NAME = {"vault_items": "values"}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The tables in a person's copy, by who gave them."""
    with fresh_app(tmp_path_factory.mktemp("owners")) as wt:
        put(wt, track(1, "u1", type="identify", event=None, traits={"phone": "19900001111"}), track(2, "u1"))
        bring_in(wt)
        build_once(wt, lambda *_: None)
        return {owner: set(tables) for owner, tables in wt.rights.export("u1").items()}


def test_every_table_of_the_database_is_in_the_copy_or_holds_nobody(exported: dict[str, set[str]]) -> None:
    given = set().union(*exported.values())
    named = {UNDER_ANOTHER_NAME.get(name, name): name for name in metadata.tables}
    nobody = [name for names in NOBODY.values() for name in names]
    assert len(nobody) == len(set(nobody)), "said twice"
    assert set(nobody) - set(metadata.tables) == set(), "gone"
    left = {name for shown, name in named.items() if shown not in given} - set(nobody)
    assert left == set(), "whose data is this? give it an exporter and an eraser, or a reason above"
    assert {name for shown, name in named.items() if shown in given} & set(nobody) == set()


def test_every_table_of_the_lake_that_names_people_is_in_the_copy(exported: dict[str, set[str]]) -> None:
    given = set().union(*exported.values())
    assert {name for name, table in TABLES.items() if table.alias_columns} - given == set()
