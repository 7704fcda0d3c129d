"""tags of the shop's own, rules of RFM"""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """tags of the shop's own, rules of RFM."""
    big_id = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
