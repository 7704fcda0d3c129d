"""Mended dead letters

Revision ID: 0005
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("endpoint", sa.String(length=64), server_default="", nullable=False, comment="the path it came to"),
        sa.Column("purposes", sa.Integer(), server_default="0", nullable=False, comment="what its source allowed when it came"),
        sa.Column("sent", sa.String(length=64), nullable=True, comment="when its request says it was sent, as the client wrote it"),
        sa.Column("event", sa.String(length=255), nullable=True, comment="the event's name where it can be made out"),
        sa.Column("whole", sa.Boolean(), server_default="1", nullable=False, comment="whether the sample is the whole event: only then can it be mended"),
        sa.Column("state", sa.String(length=16), server_default="open", nullable=False, comment="open, mended or discarded"),
        sa.Column("state_us", sa.BigInteger(), nullable=True, comment="since when it is no longer open"),
        sa.Column("outcome", sa.String(length=64), nullable=True, comment="what became of it: stored, not_new, refused, or why it was discarded"),
        sa.Column("job_id", sa.String(length=40), nullable=True, comment="the job that mended it"),
    ):
        op.add_column("dead_letters", column)
    op.create_index("ix_dead_letters_state", "dead_letters", ["state", "code"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_dead_letters_state", table_name="dead_letters")
    with op.batch_alter_table("dead_letters") as table:
        for name in ("endpoint", "purposes", "sent", "event", "whole", "state", "state_us", "outcome", "job_id"):
            table.drop_column(name)
