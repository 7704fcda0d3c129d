"""Tables of webhooks."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table

from weaktie.store.database.tables import metadata

webhooks = Table(
    "webhooks",
    metadata,
    Column(
        "webhook_id", String(40), primary_key=True, comment="the end of its address; it cannot be guessed"
    ),
    Column("source_id", String(40), nullable=False, index=True),
    Column("kind", String(16), nullable=False, comment="shopify, youzan or wecom"),
    Column("sealed", LargeBinary, nullable=False, comment="its secrets under the master key"),
    Column(
        "sealed_before", LargeBinary, comment="the former secrets, which still count until before_until_us"
    ),
    Column("before_until_us", BigInteger),
    Column("created_us", BigInteger, nullable=False),
    Column("rotated_us", BigInteger, nullable=False, comment="when the secrets were last set"),
    Column("ended_us", BigInteger, comment="an ended webhook takes nothing in"),
    Column("accepted", BigInteger, nullable=False),
    Column("repeated", BigInteger, nullable=False),
    Column("last_us", BigInteger, comment="the last delivery that was accepted"),
    Column("last_refusal", String(40), comment="code of the last refusal"),
    Column("last_refused_us", BigInteger),
    comment="Addresses that other systems push to, and their sealed secrets",
)

webhook_nonces = Table(
    "webhook_nonces",
    metadata,
    Column("webhook_id", String(40), primary_key=True),
    Column("nonce", String(64), primary_key=True, comment="SHA-256 of what the sender signed"),
    Column("at_us", BigInteger, nullable=False, index=True),
    comment="Deliveries that were taken, so that none is taken twice",
)

privacy_requests = Table(
    "privacy_requests",
    metadata,
    Column("request_id", String(40), primary_key=True),
    Column("webhook_id", String(40), nullable=False),
    Column("source_id", String(40), nullable=False),
    Column("kind", String(24), nullable=False, comment="data_request, customer_redact or shop_redact"),
    Column("subject", String(200), comment="the customer's number at the shop platform; null once erased"),
    Column(
        "digest",
        String(64),
        nullable=False,
        comment="SHA-256 of the delivery: a repeated one is no new request",
    ),
    Column("received_us", BigInteger, nullable=False, index=True),
    Column("due_us", BigInteger, nullable=False, comment="30 days after it was received"),
    Column("done_us", BigInteger),
    Column("done_by", String(64)),
    Index("uq_privacy_requests_digest", "webhook_id", "digest", unique=True),
    comment="What shop platforms ask on a person's behalf: a copy or an erasure",
)
