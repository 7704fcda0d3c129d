"""metrics that people defined"""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """custom metrics."""
    op.create_table('custom_metrics',
    sa.Column('key', sa.String(length=48), nullable=False),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('name_zh', sa.String(length=80), nullable=False),
    sa.Column('name_en', sa.String(length=80), nullable=False),
    sa.Column('definition_zh', sa.String(length=400), nullable=False),
    sa.Column('definition_en', sa.String(length=400), nullable=False),
    sa.Column('up_is_good', sa.Boolean(), nullable=False),
    sa.Column('spec_json', sa.Text(), nullable=False, comment='what is measured, or the two metrics of a formula'),
    sa.Column('state', sa.String(length=16), nullable=False, comment='living or archived; the same in all versions'),
    sa.Column('saved_us', sa.BigInteger(), nullable=False),
    sa.Column('actor', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('key', 'version', name=op.f('pk_custom_metrics')),
    comment='Every version of the metrics that people defined; the highest counts'
    )
