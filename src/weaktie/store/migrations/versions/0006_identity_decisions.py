"""What people decided about two identifiers; unionid and openid become kinds of their own.

Revision ID: 0006
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

from weaktie.store.database.tables import BigId

revision = "0006"
down_revision = "0007"
branch_labels = None
depends_on = None

FORMER = {
    "unionid": "$identity_mp_unionid+", "openid": "$identity_mp_openid+", "wecom": "wecom_external_userid+",
}  # fmt: skip


def upgrade() -> None:
    """Make the tables, drop the mark that nothing set, and name the kinds of aliases that said them in their value."""
    op.create_table(
        "identity_decisions",
        sa.Column("decision_id", BigId, autoincrement=True, nullable=False),
        sa.Column("a_alias", sa.Integer(), nullable=False, comment="the smaller number of the pair"),
        sa.Column("b_alias", sa.Integer(), nullable=False),
        sa.Column(
            "verdict", sa.String(length=16), nullable=False, comment="undone, redone, same, different or later"
        ),
        sa.Column(
            "about_alias",
            sa.Integer(),
            nullable=True,
            comment="what raised the question, for decisions of the review queue",
        ),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_identity_decisions")),
        sqlite_autoincrement=True,
        comment="What people decided about two identifiers; the latest decision of a pair holds, "
        "whatever facts come again",
    )
    op.create_index("ix_identity_decisions_pair", "identity_decisions", ["a_alias", "b_alias"])
    op.create_index("ix_identity_decisions_b_alias", "identity_decisions", ["b_alias"])
    op.create_table(
        "identity_reviews",
        sa.Column("review_id", BigId, autoincrement=True, nullable=False),
        sa.Column(
            "about_alias", sa.Integer(), nullable=False, comment="the identifier that several people use"
        ),
        sa.Column(
            "other_alias",
            sa.Integer(),
            nullable=False,
            comment="the other end of a link that was held back; else 0",
        ),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False, comment="how many people contend"),
        sa.Column("found_us", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False, comment="open, later or different"),
        sa.Column(
            "decided_people",
            sa.Integer(),
            nullable=False,
            comment="how many they were when it was decided; else 0",
        ),
        sa.Column("decided_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("review_id", name=op.f("pk_identity_reviews")),
        comment="Questions that the rules leave to people: what the last grouping found contended, "
        "and what was said of it",
    )
    op.create_index(
        "uq_identity_reviews_about", "identity_reviews", ["about_alias", "other_alias"], unique=True
    )
    op.create_index("ix_identity_reviews_state", "identity_reviews", ["state", "reason", "review_id"])
    # A mark that nothing in a release set; were it set, it meant a decision.
    op.execute(
        "INSERT INTO identity_decisions (a_alias, b_alias, verdict, at_us, actor, reason) "
        "SELECT a_alias, b_alias, 'undone', max(undone_us), 'system', 'undone_us' FROM links "
        "WHERE undone_us IS NOT NULL GROUP BY a_alias, b_alias"
    )
    op.drop_column("links", "undone_us")
    # Numbers, links and files stay as they are: only the kind and the text of these aliases change. What was erased is
    # a keyed hash of the former text and stays so; the registry looks for it in both forms.
    rename = sa.text(
        "UPDATE aliases SET kind = :kind, value = substr(value, :cut), lookup = :lookup || substr(value, :cut) "
        "WHERE kind = 'anonymous' AND erased_us IS NULL AND substr(value, 1, :length) = :prefix "
        "AND length(value) > :length"
    )
    for kind, prefix in FORMER.items():
        op.get_bind().execute(
            rename,
            {
                "kind": kind, "cut": len(prefix) + 1, "lookup": f"{kind}:", "length": len(prefix),
                "prefix": prefix,
            },
        )  # fmt: skip


def downgrade() -> None:
    """Back to the former texts; decisions are lost."""
    for kind, prefix in FORMER.items():
        op.get_bind().execute(
            sa.text(
                "UPDATE aliases SET kind = 'anonymous', value = :prefix || value, "
                "lookup = 'anonymous:' || :prefix || value WHERE kind = :kind AND erased_us IS NULL"
            ),
            {"kind": kind, "prefix": prefix},
        )
    op.add_column(
        "links", sa.Column("undone_us", sa.BigInteger(), nullable=True, comment="null while the link holds")
    )
    op.drop_table("identity_reviews")
    op.drop_table("identity_decisions")
