"""builds of the social graph"""

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """builds of the social graph."""
    op.create_table('tie_builds',
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('built_us', sa.BigInteger(), nullable=False),
    sa.Column('as_of_day', sa.Integer(), nullable=False, comment='business day as of which it was computed'),
    sa.Column('version', sa.BigInteger(), nullable=False, comment='version of the lake whose interactions are counted'),
    sa.Column('whole', sa.Boolean(), nullable=False, comment='whether weights and communities were computed anew'),
    sa.Column('inputs_hash', sa.Text(), nullable=False, comment='of all that went in; equal means nothing to do'),
    sa.Column('weights_json', sa.Text(), nullable=False, comment='what each part counts, and how that was learned'),
    sa.Column('figures_json', sa.Text(), nullable=False, comment='people, ties, distributions, left out, seconds by step'),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_tie_builds')),
    comment='Builds of the social graph; the highest number is the one that is read'
    )
