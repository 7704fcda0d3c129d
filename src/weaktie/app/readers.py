"""Who reads people's data, and how each of them stops when somebody withdraws.

Every route stands here once: in a reader, or among those that answer nothing about people, with the reason. A test compares
this with the routes that exist, and tries each reader after a withdrawal: a new one has to join.
"""

from dataclasses import dataclass
from typing import Final

WITHIN_S: Final = 60.0
"""A withdrawal has to hold everywhere within this time."""

Route = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Reader:
    """Something that answers with people's data. `stops` says by what means, `routes` are its HTTP addresses."""

    name: str
    stops: str
    routes: tuple[Route, ...] = ()


READERS: Final[tuple[Reader, ...]] = (
    Reader("door", "follows consent_blocks once a second: who refuses every purpose is not kept"),
    Reader("notebook", "looks at receipts again every 30 s, at each use of a table"),
    Reader("relay", "looks at receipts every 5 s and at ages, texts and links every 30 s: who withdrew is not sent on"),
    Reader("profile", "asks for receipts at each read", (("GET", "/api/profiles/{user_id}"),)),
    Reader("timeline", "asks for receipts at each read", (("GET", "/api/profiles/{user_id}/timeline"),)),
    Reader("orders", "asks for receipts at each read", (("GET", "/api/profiles/{user_id}/orders"),)),
    Reader("relations", "asks for receipts of both sides", (("GET", "/api/profiles/{user_id}/relations"),)),
    Reader("identity", "asks for receipts of each person before a value is shown", (("GET", "/api/profiles/{user_id}/identity"),)),
    Reader("identity reviews", "asks for receipts of each person before a value is shown", (("GET", "/api/identity/reviews"),)),
    Reader("reveal", "asks for receipts unless the caller answers people's rights", (("POST", "/api/profiles/{user_id}/reveal"),)),
    Reader("users", "asks for receipts of each row; the worker takes people out every 20 s", (("GET", "/api/users"),)),
    Reader("users export", "asks for receipts of each row", (("GET", "/api/users/export"),)),
    Reader("facets", "the worker takes people out of the generation every 20 s", (("GET", "/api/users/facets"),)),
    Reader("tags", "the worker takes people out of the generation every 20 s", (("GET", "/api/tags"),)),
    Reader("rfm", "the worker takes people out of the generation every 20 s", (("GET", "/api/rfm"),)),
    Reader(
        "custom tags",
        "asks for the crowd at each read, at most 5 s old",
        (
            ("GET", "/api/custom-tags"), ("POST", "/api/custom-tags/preview"), ("GET", "/api/profiles/{user_id}/custom-tags"),
            ("POST", "/api/custom-tags"), ("PUT", "/api/custom-tags/{key}"),
            ("POST", "/api/custom-tags/{key}/versions/{version}/restore"),
        ),
    ),
    Reader(
        "rfm moves",
        "asks for the crowd at each read, at most 5 s old",
        (("GET", "/api/rfm/moves"), ("GET", "/api/rfm/moves.csv"), ("POST", "/api/rfm/rules/preview")),
    ),
    Reader("live", "asks for receipts of each event", (("GET", "/api/live/events"), ("GET", "/api/live/stream"))),
    Reader("quality", "asks for receipts of each identifier that it names", (("GET", "/api/quality"),)),
    Reader(
        "segment sizes", "counts of the crowd, at most 5 s old; the size of a stored segment is of its last run",
        (
            ("GET", "/api/segments"), ("GET", "/api/segments/{segment_id}"), ("POST", "/api/segments/preview"),
            ("GET", "/api/segments/values"),
        ),
    ),
    Reader("segment members", "asks for the crowd at each read, at most 5 s old", (("GET", "/api/segments/{segment_id}/members"),)),
    Reader("segment member", "asks for receipts at each read", (("GET", "/api/segments/{segment_id}/members/{user_id}"),)),
    Reader("segment export", "asks for the crowd at each read, at most 5 s old", (("GET", "/api/segments/{segment_id}/export"),)),
    Reader("properties of events", "asks for the crowd at each read, at most 5 s old", (("GET", "/api/behaviour/properties"),)),
    Reader(
        "funnels", "asks for the crowd at each read, at most 5 s old",
        (("POST", "/api/funnels/query"), ("GET", "/api/funnels/csv")),
    ),
    Reader(
        "sql",
        "asks for receipts at each run, at most 5 s old; a kept result is refused once somebody in it withdrew",
        (
            ("POST", "/api/sql/runs"), ("GET", "/api/sql/runs/{run_id}/rows"), ("GET", "/api/sql/runs/{run_id}/export"),
            ("GET", "/api/boards/{board_id}/tiles/{tile_id}"),
        ),
    ),
    Reader(
        "acquisition", "asks for the crowd at each read, at most 5 s old",
        (("GET", "/api/acquisition/figures"), ("GET", "/api/acquisition/figures.csv")),
    ),
    Reader(
        "seeds", "asks for the crowd and for both consents at each read",
        (("POST", "/api/acquisition/seeds/count"), ("POST", "/api/acquisition/seeds")),
    ),
    Reader(
        "private domain", "asks for the crowd at each read, at most 5 s old",
        (("GET", "/api/private/figures"), ("GET", "/api/private/figures.csv")),
    ),
    Reader("retention", "asks for the crowd at each read, at most 5 s old", (("POST", "/api/retention/query"),)),
    Reader("lifecycle", "asks for the crowd at each read, at most 5 s old", (("POST", "/api/lifecycle/query"),)),
    Reader("paths", "asks for the crowd at each read, at most 5 s old", (("POST", "/api/paths/query"),)),
    Reader("overview", "asks for the crowd at each read, at most 5 s old", (("GET", "/api/overview"),)),
    Reader("metrics", "asks for the crowd at each read, at most 5 s old", (("POST", "/api/metrics/query"),)),
    Reader("aarrr", "asks for the crowd at each read, at most 5 s old", (("GET", "/api/aarrr"),)),
    Reader(
        "graph", "asks for the crowd and for the social purpose at each read, at most 30 s old",
        (
            ("GET", "/api/graph"), ("GET", "/api/graph/communities"), ("GET", "/api/graph/bridges"),
        ),
    ),
    Reader("ego", "asks for the crowd and for the social purpose at each read, at most 30 s old", (("GET", "/api/graph/ego/{user_id}"),)),
    Reader(
        "tie audience", "asks for the crowd and for the social purpose at each read, at most 30 s old",
        (("POST", "/api/graph/audience"),),
    ),
    Reader(
        "creators", "asks for the crowd and for consent to social analysis at each read, at most 5 s old",
        (
            ("GET", "/api/influence/creators"), ("GET", "/api/influence/creators.csv"), ("GET", "/api/influence/creators/{user_id}"),
            ("POST", "/api/influence/rules/preview"),
        ),
    ),
    Reader(
        "cascades", "asks for the crowd and for consent to social analysis at each read, at most 5 s old",
        (("GET", "/api/influence/cascades"), ("GET", "/api/influence/cascades/tree")),
    ),
    Reader(
        "seeds of influence", "asks for the crowd and for consent to social analysis at each read, at most 5 s old",
        (("POST", "/api/influence/seeds"), ("GET", "/api/influence/seeds"), ("GET", "/api/influence/seeds/{plan_id}")),
    ),
    Reader(
        "audiences of creators", "asks for the crowd and for consent to social analysis at each read, at most 5 s old",
        (
            ("POST", "/api/influence/audiences/preview"), ("POST", "/api/influence/audiences"), ("GET", "/api/influence/audiences"),
            ("GET", "/api/influence/audiences/{audience_id}"),
        ),
    ),
    Reader("attribution", "asks for the crowd at each read, at most 5 s old", (("POST", "/api/attribution/query"),)),
)  # fmt: skip

_OWN = "the person's own data, for the person or for answering their rights: a withdrawal does not end these"
_WRITES = "takes something in or changes a state; answers what was given to it, or ids and counts"
_HOUSE = "settings, jobs, sources and accounts of the shop's own staff"

NOT_READERS: Final[dict[str, tuple[Route, ...]]] = {
    _OWN: (
        ("GET", "/api/profiles/{user_id}/consent"), ("POST", "/api/profiles/{user_id}/consent"),
        ("POST", "/api/profiles/{user_id}/erasure"), ("GET", "/api/erasures"), ("GET", "/api/erasures/{erasure_id}"),
        ("GET", "/api/rights-requests"), ("POST", "/api/rights-requests"), ("GET", "/api/rights-requests/queue"),
        ("GET", "/api/rights-requests/{request_id}"), ("GET", "/api/rights-requests/{request_id}/proof"),
        ("GET", "/api/rights-requests/{request_id}/proof.html"), ("GET", "/api/rights-copies/{ticket}"),
        *(
            ("POST", f"/api/rights-requests/{{request_id}}/{step}")
            for step in ("verify", "start", "refuse", "done", "data", "copy", "correct", "erase")
        ),
        ("GET", "/consent/{token}"), ("POST", "/consent/v1/mine"), ("GET", "/consent/v1/prompt"),
        ("GET", "/api/privacy-requests"), ("POST", "/api/privacy-requests/{request_id}/done"),
    ),
    _WRITES: (
        ("POST", "/api/identity/links/undo"), ("POST", "/api/identity/links/redo"), ("POST", "/api/identity/decisions"),
        ("POST", "/api/identity/reviews/{review_id}"), ("GET", "/api/identity/reviews/counts"),
        ("GET", "/api/identity/unidentified"),
        ("POST", "/consent/v1/receipts"), ("POST", "/consent/v1/links"), ("POST", "/api/consent/links"),
        ("DELETE", "/api/consent/links/{link_id}"), ("POST", "/api/consent/people/{user_id}/age"),
        ("DELETE", "/api/consent/people/{user_id}/tags/{tag}"), ("POST", "/api/consent/texts/{subject}"),
        ("POST", "/api/consent/texts/{subject}/{version}/publish"), ("DELETE", "/api/consent/texts/{subject}/{version}"),
        ("POST", "/api/imports"), ("PATCH", "/api/imports/{import_id}"), ("DELETE", "/api/imports/{import_id}"),
        ("POST", "/api/imports/{import_id}/start"), ("POST", "/webhooks/{webhook_id}"), ("POST", "/api/collect/validate"),
        ("POST", "/api/dead-letters/mend"), ("POST", "/api/dead-letters/discard"), ("POST", "/api/dead-letters/take-back"),
        ("POST", "/api/quality/marks"), ("POST", "/api/quality/marks/{mark_id}/end"),
        ("POST", "/api/quality/marks/{mark_id}/resume"), ("POST", "/api/pulls/{pull_id}/run"),
        ("POST", "/api/relays/{relay_id}/vendor-numbers"), ("POST", "/api/segments"), ("PUT", "/api/segments/{segment_id}"),
        ("POST", "/api/segments/lists"), ("POST", "/api/segments/{segment_id}/refresh"),
        ("POST", "/api/segments/{segment_id}/versions/{version}/restore"), ("POST", "/api/segments/{segment_id}/archive"),
        ("POST", "/api/segments/{segment_id}/take-back"),
    ),
    "rules in words, and numbers of people by run: nobody can be told in them": (
        ("GET", "/api/segments/vocabulary"), ("POST", "/api/segments/sentence"), ("GET", "/api/segments/{segment_id}/versions"),
        ("GET", "/api/segments/{segment_id}/history"),
        ("POST", "/api/private/members"),
    ),
    "a person's part in a campaign, for the person and for the shop that owes it: a withdrawal does not end a contract": (
        ("GET", "/c/{token}"), ("POST", "/c/v1/mine"), ("GET", "/v1/referral/status"), ("POST", "/v1/referral/pages"),
        ("POST", "/v1/referral/invitations"), ("POST", "/v1/referral/opens"), ("POST", "/v1/referral/registrations"),
        ("POST", "/v1/referral/orders"), ("POST", "/v1/referral/refunds"), ("POST", "/v1/referral/groups"),
        ("POST", "/v1/referral/groups/refunds"), ("GET", "/v1/referral/groups/{group_id}"),
        ("POST", "/v1/referral/groups/{group_id}/join"),
    ),
    "campaigns and groups in counts, and people by pseudonyms of one campaign: nobody can be told in them": (
        ("GET", "/r/{code}"), ("GET", "/r/{code}/poster.svg"), ("GET", "/r/{code}/qr.{kind}"), ("GET", "/v1/referral/campaigns"),
        ("GET", "/v1/referral/board"), ("GET", "/api/referral/templates"), ("POST", "/api/referral/lint"),
        ("GET", "/api/referral/campaigns"), ("POST", "/api/referral/campaigns"), ("GET", "/api/referral/campaigns/{campaign_id}"),
        ("PUT", "/api/referral/campaigns/{campaign_id}"), ("GET", "/api/referral/campaigns/{campaign_id}/versions"),
        ("POST", "/api/referral/campaigns/{campaign_id}/check"), ("POST", "/api/referral/campaigns/{campaign_id}/{to}"),
        ("GET", "/api/referral/campaigns/{campaign_id}/figures"), ("GET", "/api/referral/campaigns/{campaign_id}/cascade"),
        ("GET", "/api/referral/campaigns/{campaign_id}/board"), ("GET", "/api/referral/campaigns/{campaign_id}/rewards"),
        ("POST", "/api/referral/rewards/{reward_id}/review"), ("GET", "/api/referral/hooks"), ("POST", "/api/referral/hooks"),
        ("PATCH", "/api/referral/hooks/{hook_id}"), ("DELETE", "/api/referral/hooks/{hook_id}"), ("GET", "/api/referral/offers"),
        ("POST", "/api/referral/offers"), ("POST", "/api/referral/offers/{offer_id}/{to}"),
        ("GET", "/api/referral/offers/{offer_id}/groups"),
    ),
    "an address that leads to the shop; opens are counted by day and nothing about the visitor is kept": (("GET", "/l/{code}"),),
    "links, costs and names of campaigns: the shop's own books": (
        ("GET", "/api/acquisition/links"), ("POST", "/api/acquisition/links"), ("POST", "/api/acquisition/links/batch"),
        ("GET", "/api/acquisition/links.csv"), ("POST", "/api/acquisition/links/{link_id}/archive"),
        ("POST", "/api/acquisition/links/{link_id}/restore"), ("GET", "/api/acquisition/links/{link_id}/qr.{kind}"),
        ("GET", "/api/acquisition/naming"), ("PUT", "/api/acquisition/naming"), ("POST", "/api/acquisition/naming/check"),
        ("GET", "/api/acquisition/costs"), ("POST", "/api/acquisition/costs"), ("GET", "/api/acquisition/costs/{batch_id}"),
        ("DELETE", "/api/acquisition/costs/{batch_id}"), ("POST", "/api/acquisition/costs/{batch_id}/apply"),
        ("POST", "/api/acquisition/costs/{batch_id}/undo"), ("PUT", "/api/acquisition/channels/{channel}/free"),
        ("PUT", "/api/profiles/{user_id}/custom-tags/{key}"),
        ("DELETE", "/api/profiles/{user_id}/custom-tags/{key}"), ("POST", "/api/custom-tags/{key}/people"),
        ("POST", "/api/custom-tags/{key}/refill"), ("DELETE", "/api/custom-tags/{key}"), ("PUT", "/api/rfm/rules"),
        ("POST", "/api/rfm/rules/{version}/restore"),
    ),
    "who is a KOC, in numbers; an audience that is undone": (
        ("GET", "/api/influence/rules"), ("PUT", "/api/influence/rules"), ("POST", "/api/influence/rules/{version}/restore"),
        ("DELETE", "/api/influence/audiences/{audience_id}"),
    ),
    "what tags are and how RFM is cut, without anybody's values": (
        ("GET", "/api/tags/lineage"), ("GET", "/api/custom-tags/tables"), ("GET", "/api/custom-tags/{key}/versions"),
        ("GET", "/api/tag-words"), ("POST", "/api/tag-words"), ("DELETE", "/api/tag-words/{word}"), ("GET", "/api/rfm/rules"),
    ),
    "texts, and counts of people by their answer: consent itself": (
        ("GET", "/api/consent/texts"), ("GET", "/api/consent/texts/{subject}/{version}/diff"), ("GET", "/api/consent/numbers"),
    ),
    "cells of a file as it came, masked, before they are anybody's": (
        ("GET", "/api/imports/{import_id}/preview"), ("GET", "/api/imports/{import_id}/bad-rows"),
        ("GET", "/api/dead-letters"), ("GET", "/api/dead-letters/summary"), ("POST", "/api/dead-letters/preview"),
    ),
    "events counted by name, day, platform and version, with masked event ids: nobody can be told in them": (
        ("GET", "/api/relays/{relay_id}/parity"), ("GET", "/api/tracking/alerts"), ("GET", "/api/tracking/coverage"),
        ("GET", "/api/tracking/event"), ("GET", "/api/tracking/events"), ("GET", "/api/tracking/plan/proposal"),
        ("GET", "/api/tracking/state"), ("GET", "/api/tracking/violations"), ("GET", "/api/tracking/violations.csv"),
        ("GET", "/api/tracking/traits"), ("GET", "/api/behaviour/events"),
    ),
    "orders by number and amount without their buyers: the shop's books": (
        ("GET", "/api/reconciliations"), ("GET", "/api/reconciliations/terms"), ("GET", "/api/reconciliations/{rec_id}"),
        ("GET", "/api/reconciliations/{rec_id}/csv"), ("GET", "/api/reconciliations/{rec_id}/orders"),
        ("POST", "/api/reconciliations/export"), ("POST", "/api/reconciliations/number"),
        ("POST", "/api/reconciliations/source"),
    ),
    "the shop's own people and test orders, as staff declared them": (("GET", "/api/quality/marks"),),
    "claims of rewards and what accounts share, judged on the ground of the contract: a withdrawal of analysis ends no review": (
        ("GET", "/api/risk/cases"), ("GET", "/api/risk/cases/{case_id}"), ("POST", "/api/risk/cases/{case_id}/decision"),
        ("POST", "/api/risk/cases/{case_id}/appeal"), ("POST", "/risk/v1/sightings"), ("POST", "/risk/v1/assess"),
        ("POST", "/risk/v1/appeals"),
    ),
    "weights of rules, and counts of cases": (
        ("GET", "/api/risk/summary"), ("GET", "/api/risk/rules"), ("PUT", "/api/risk/rules"),
        ("POST", "/api/risk/rules/{version}/restore"), ("POST", "/api/risk/canary"),
    ),
    "which share of units gets which variant, and counts of exposures": (
        ("GET", "/api/flags"), ("POST", "/api/flags"), ("POST", "/api/flags/{key}/stop"), ("GET", "/api/flags/{key}/assignment"),
    ),
    "texts of queries, how their runs went, and boards, without results": (
        ("GET", "/api/boards"), ("POST", "/api/boards"), ("GET", "/api/boards/{board_id}"),
        ("PATCH", "/api/boards/{board_id}"), ("GET", "/api/boards/{board_id}/versions"),
        ("POST", "/api/boards/{board_id}/versions/{version}/restore"),
        ("GET", "/api/sql/schema"), ("GET", "/api/sql/runs"), ("GET", "/api/sql/runs/{run_id}"),
        ("POST", "/api/sql/runs/{run_id}/cancel"), ("GET", "/api/sql/queries"), ("POST", "/api/sql/queries"),
        ("GET", "/api/sql/queries/{query_id}"), ("PATCH", "/api/sql/queries/{query_id}"),
        ("GET", "/api/sql/queries/{query_id}/versions"),
        ("POST", "/api/sql/queries/{query_id}/versions/{version}/restore"),
    ),
    "the shop's books: transactions are kept by law and go by the number of an account; nobody is named in them": (
        ("GET", "/api/ledger/state"), ("GET", "/api/ledger/alarm"), ("POST", "/api/ledger/verify"),
        ("GET", "/api/ledger/accounts"), ("GET", "/api/ledger/accounts/{account_id}"),
        ("GET", "/api/ledger/accounts/{account_id}/statement"), ("GET", "/api/ledger/accounts/{account_id}/statement.csv"),
        ("GET", "/api/ledger/months/{month}"), ("GET", "/api/ledger/transfers"), ("GET", "/api/ledger/transfers/{transfer_id}"),
        ("POST", "/api/ledger/transfers/{transfer_id}/reverse"), ("GET", "/api/ledger/budgets"),
        ("POST", "/api/ledger/budgets"), ("POST", "/api/ledger/budgets/{budget_id}/fund"),
        ("GET", "/api/loyalty/templates"), ("POST", "/api/loyalty/templates"), ("GET", "/api/loyalty/templates/{template_id}"),
        ("GET", "/api/loyalty/templates/{template_id}/coupons"), ("GET", "/api/loyalty/templates/{template_id}/codes.csv"),
        *(
            ("POST", f"/api/loyalty/templates/{{template_id}}/{step}")
            for step in ("state", "stock", "codes", "grant")
        ),
        ("POST", "/api/loyalty/coupons/{coupon_id}/withdraw"), ("POST", "/api/loyalty/orders/{order_id}/refund"),
        ("GET", "/api/loyalty/shops"), ("POST", "/api/loyalty/shops"), ("POST", "/api/loyalty/shops/{shop_id}/secret"),
        ("DELETE", "/api/loyalty/shops/{shop_id}"), ("GET", "/api/loyalty/points"), ("GET", "/api/loyalty/points/of"),
        ("POST", "/api/loyalty/points/grant"), ("GET", "/api/loyalty/points/rules"), ("POST", "/api/loyalty/points/rules"),
        ("POST", "/api/loyalty/points/rules/{rule_id}/end"), ("GET", "/api/loyalty/points/goods"),
        ("POST", "/api/loyalty/points/goods"), ("POST", "/api/loyalty/points/goods/{goods_id}/state"),
        ("POST", "/api/loyalty/points/goods/{goods_id}/stock"), ("GET", "/api/loyalty/points/redemptions"),
        ("POST", "/api/loyalty/points/redemptions/{redemption_id}/cancel"),
    ),
    "what a person has at the shop, for the shop's own till: a contract, which a withdrawal of consent does not end": (
        ("POST", "/loyalty/v1/{action}"),
    ),
    _HOUSE: (
        ("GET", "/api/accounts"), ("POST", "/api/accounts"),
        ("GET", "/api/accounts/names"), ("PATCH", "/api/accounts/{account_id}"), ("GET", "/api/audit"),
        ("GET", "/api/audit/export"), ("GET", "/api/audit/verify"), ("GET", "/api/definitions"), ("GET", "/api/doctor"),
        ("GET", "/api/health"), ("GET", "/api/imports"), ("GET", "/api/imports/mappings"), ("GET", "/api/imports/{import_id}"),
        ("POST", "/api/invitation"), ("GET", "/api/jobs"), ("POST", "/api/jobs"),
        ("GET", "/api/jobs/{job_id}"), ("POST", "/api/jobs/{job_id}/cancel"), ("GET", "/api/keys"), ("POST", "/api/keys"),
        ("DELETE", "/api/keys/{key_id}"), ("GET", "/api/openapi.json"), ("HEAD", "/api/openapi.json"),
        ("GET", "/api/session"), ("POST", "/api/session"), ("DELETE", "/api/session"), ("GET", "/api/settings"),
        ("GET", "/api/setup"), ("POST", "/api/setup"), ("GET", "/api/sources"), ("POST", "/api/sources"),
        ("PATCH", "/api/sources/{source_id}"), ("GET", "/assets/{name:path}"), ("GET", "/{page:path}"),
        ("GET", "/v1/projects/{write_key}/settings"), ("GET", "/webhooks/{webhook_id}"),
        ("GET", "/api/sources/{source_id}/webhooks"), ("POST", "/api/sources/{source_id}/webhooks"),
        ("DELETE", "/api/webhooks/{webhook_id}"), ("POST", "/api/webhooks/{webhook_id}/secrets"),
        ("PUT", "/api/imports/mappings/{name}"), ("DELETE", "/api/imports/mappings/{name}"),
        ("GET", "/api/imports/mappings/{name}/toml"), ("GET", "/api/imports/{import_id}/mapping"),
        ("GET", "/api/pulls"), ("POST", "/api/pulls"), ("PATCH", "/api/pulls/{pull_id}"), ("DELETE", "/api/pulls/{pull_id}"),
        ("GET", "/api/pulls/{pull_id}/runs"), ("GET", "/api/relays"), ("POST", "/api/relays"),
        ("PATCH", "/api/relays/{relay_id}"), ("DELETE", "/api/relays/{relay_id}"), ("POST", "/api/relays/{relay_id}/test"),
        ("GET", "/api/metrics"), ("GET", "/api/metrics/custom"), ("POST", "/api/metrics/custom"),
        ("GET", "/api/metrics/custom/{key}"), ("PUT", "/api/metrics/custom/{key}"),
        ("POST", "/api/metrics/custom/{key}/archive"), ("POST", "/api/metrics/custom/{key}/restore"),
        ("GET", "/api/backups"), ("POST", "/api/backups"), ("GET", "/api/tracking/plan"),
        ("GET", "/api/tracking/plan/difference"), ("GET", "/api/tracking/plan/versions"), ("GET", "/api/tracking/plan/yaml"),
        ("POST", "/api/tracking/alerts/{alert_id}"), ("POST", "/api/tracking/recheck"),
        ("GET", "/api/tracking/columns"), ("POST", "/api/tracking/columns"), ("POST", "/api/tracking/columns/fill"),
        ("DELETE", "/api/tracking/columns/{column_id}"), ("GET", "/api/funnels"), ("POST", "/api/funnels"),
        ("PATCH", "/api/funnels/{funnel_id}"), ("DELETE", "/api/funnels/{funnel_id}"),
        ("POST", "/api/funnels/{funnel_id}/restore"),
        *(
            ("POST", f"/api/tracking/plan/{step}")
            for step in ("adopt", "events", "proposal", "restore", "shared", "workbook", "yaml")
        ),
    ),
}  # fmt: skip
