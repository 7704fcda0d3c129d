"""saved funnels"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """saved funnels."""
    op.create_table('saved_funnels',
    sa.Column('funnel_id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('definition_json', sa.Text(), nullable=False, comment='as POST /api/funnels/query takes it'),
    sa.Column('made_us', sa.BigInteger(), nullable=False),
    sa.Column('made_by', sa.String(length=64), nullable=False),
    sa.Column('changed_us', sa.BigInteger(), nullable=False),
    sa.Column('deleted_us', sa.BigInteger(), nullable=True, comment='null while it is listed; a deletion can be undone'),
    sa.PrimaryKeyConstraint('funnel_id', name=op.f('pk_saved_funnels')),
    comment='Funnels that people keep under a name'
    )
