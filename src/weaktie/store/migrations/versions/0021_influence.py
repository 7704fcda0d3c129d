"""influence: rules of KOCs, predictions, seeds, audiences"""

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """influence: rules of KOCs, predictions, seeds, audiences."""
    op.create_table('influence_rules',
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('rule_json', sa.Text(), nullable=False, comment='thresholds of reach and trust, and the cap of audiences'),
    sa.Column('made_by', sa.String(length=64), nullable=False),
    sa.Column('made_us', sa.BigInteger(), nullable=False),
    sa.Column('restored_from', sa.Integer(), nullable=True, comment='the version that it repeats; null for an edit'),
    sa.PrimaryKeyConstraint('version', name=op.f('pk_influence_rules')),
    comment="Who is a KOC; the highest version holds, without any it is the plan's"
    )
    op.create_table('influence_predictions',
    sa.Column('month', sa.String(length=7), nullable=False, comment='YYYY-MM that is predicted'),
    sa.Column('alias_no', sa.Integer(), autoincrement=False, nullable=False, comment='the creator'),
    sa.Column('predicted', sa.Float(), nullable=False, comment='people whom they will reach in the month'),
    sa.Column('pairs', sa.Integer(), nullable=False, comment='creator-months that the model was fitted on'),
    sa.Column('made_us', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('month', 'alias_no', name=op.f('pk_influence_predictions')),
    comment='Predicted reach of creators, as it was when the month was first looked at'
    )
    op.create_table('influence_plans',
    sa.Column('plan_id', sa.String(length=40), nullable=False),
    sa.Column('made_us', sa.BigInteger(), nullable=False),
    sa.Column('made_by', sa.String(length=64), nullable=False),
    sa.Column('ask_json', sa.Text(), nullable=False, comment='budget, costs, model and who could be chosen'),
    sa.Column('result_json', sa.Text(), nullable=False, comment='spreads with intervals by method; names nobody'),
    sa.PrimaryKeyConstraint('plan_id', name=op.f('pk_influence_plans')),
    comment='Choices of seeds under a budget'
    )
    op.create_index(op.f('ix_influence_plans_made_us'), 'influence_plans', ['made_us'], unique=False)
    op.create_table('influence_plan_people',
    sa.Column('plan_id', sa.String(length=40), nullable=False),
    sa.Column('alias_no', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('place', sa.Integer(), nullable=False, comment='in the order in which they were chosen, from 1'),
    sa.Column('gain', sa.Float(), nullable=False, comment='people they add to those before them'),
    sa.Column('alone', sa.Float(), nullable=False, comment='people they would reach by themselves'),
    sa.Column('cost_minor', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('plan_id', 'alias_no', name=op.f('pk_influence_plan_people')),
    comment='The people of a choice of seeds'
    )
    op.create_index(op.f('ix_influence_plan_people_alias_no'), 'influence_plan_people', ['alias_no'], unique=False)
    op.create_table('influence_audiences',
    sa.Column('audience_id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('creator_alias_no', sa.Integer(), nullable=False),
    sa.Column('content_id', sa.String(length=255), nullable=False, comment='empty where it is for no content in particular'),
    sa.Column('size', sa.Integer(), nullable=False, comment='when it was made'),
    sa.Column('asked', sa.Integer(), nullable=False),
    sa.Column('cap', sa.Integer(), nullable=False, comment='audiences that a person may be in within seven days'),
    sa.Column('left_out_json', sa.Text(), nullable=False, comment='who was not taken, counted by reason'),
    sa.Column('made_us', sa.BigInteger(), nullable=False),
    sa.Column('made_by', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('audience_id', name=op.f('pk_influence_audiences')),
    comment='Friends of friends of a creator, chosen for a content'
    )
    op.create_index(op.f('ix_influence_audiences_creator_alias_no'), 'influence_audiences', ['creator_alias_no'], unique=False)
    op.create_index(op.f('ix_influence_audiences_made_us'), 'influence_audiences', ['made_us'], unique=False)
    op.create_table('influence_audience_people',
    sa.Column('audience_id', sa.String(length=40), nullable=False),
    sa.Column('alias_no', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('place', sa.Integer(), nullable=False, comment='from 1, the likeliest first'),
    sa.Column('score', sa.Float(), nullable=False, comment='chance that word comes by a mutual friend, 0 to 1'),
    sa.Column('through_alias_no', sa.Integer(), nullable=True, comment='the likeliest mutual friend'),
    sa.Column('ways', sa.Integer(), nullable=False, comment='mutual friends'),
    sa.Column('made_us', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('audience_id', 'alias_no', name=op.f('pk_influence_audience_people')),
    comment='Who is in which audience: what the cap counts'
    )
    op.create_index('ix_influence_audience_people_alias', 'influence_audience_people', ['alias_no', 'made_us'], unique=False)
    op.create_index(op.f('ix_influence_audience_people_through_alias_no'), 'influence_audience_people', ['through_alias_no'], unique=False)
    turns = op.create_table('influence_turns',
    sa.Column('turn_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('taken_us', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('turn_id', name=op.f('pk_influence_turns')),
    comment='One row: audiences are made one after another, so that the cap holds'
    )
    op.bulk_insert(turns, [{'turn_id': 1, 'taken_us': 0}])
