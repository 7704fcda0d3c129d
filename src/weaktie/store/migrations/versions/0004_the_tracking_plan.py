"""the tracking plan"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """the tracking plan."""
    op.create_table('tracking_alerts',
    sa.Column('alert_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False, comment='new_event, vanished or type_changed'),
    sa.Column('event', sa.String(length=255), nullable=False),
    sa.Column('property', sa.String(length=255), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False, comment='open, acknowledged, muted or resolved'),
    sa.Column('detail_json', sa.Text(), nullable=False, comment='the numbers that raised it'),
    sa.Column('raised_us', sa.BigInteger(), nullable=False),
    sa.Column('changed_us', sa.BigInteger(), nullable=False),
    sa.Column('actor', sa.String(length=64), nullable=False, comment='who changed its state last'),
    sa.PrimaryKeyConstraint('alert_id', name=op.f('pk_tracking_alerts')),
    comment='Alerts about events: new, vanished, changed'
    )
    op.create_index(op.f('ix_tracking_alerts_state'), 'tracking_alerts', ['state'], unique=False)
    op.create_table('tracking_files',
    sa.Column('file_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('plan_version', sa.Integer(), nullable=False, comment='the plan it was checked against'),
    sa.Column('max_day', sa.Integer(), nullable=False),
    sa.Column('checked_us', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('file_id', name=op.f('pk_tracking_files')),
    comment='Lake files of events that were checked against the plan'
    )
    op.create_table('tracking_known',
    sa.Column('event', sa.String(length=255), nullable=False),
    sa.Column('first_us', sa.BigInteger(), nullable=False, comment='when the check first met it'),
    sa.PrimaryKeyConstraint('event', name=op.f('pk_tracking_known')),
    comment='Names of events that were met at least once'
    )
    op.create_table('tracking_observed',
    sa.Column('row_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('file_id', sa.BigInteger(), nullable=False),
    sa.Column('day', sa.Integer(), nullable=False),
    sa.Column('event', sa.String(length=255), nullable=False),
    sa.Column('property', sa.String(length=255), nullable=False),
    sa.Column('type', sa.String(length=16), nullable=False),
    sa.Column('events', sa.BigInteger(), nullable=False),
    sa.Column('sample', sa.String(length=80), nullable=False, comment='masked id of one such event'),
    sa.PrimaryKeyConstraint('row_id', name=op.f('pk_tracking_observed')),
    comment='Properties that events carried, and of which type their values were'
    )
    op.create_index('ix_tracking_observed_event_day', 'tracking_observed', ['event', 'day'], unique=False)
    op.create_index(op.f('ix_tracking_observed_file_id'), 'tracking_observed', ['file_id'], unique=False)
    op.create_table('tracking_plans',
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('plan_json', sa.Text(), nullable=False),
    sa.Column('saved_us', sa.BigInteger(), nullable=False),
    sa.Column('actor', sa.String(length=64), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.PrimaryKeyConstraint('version', name=op.f('pk_tracking_plans')),
    comment='Every saved version of the tracking plan; the highest counts'
    )
    op.create_table('tracking_seen',
    sa.Column('row_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('file_id', sa.BigInteger(), nullable=False),
    sa.Column('day', sa.Integer(), nullable=False),
    sa.Column('event', sa.String(length=255), nullable=False),
    sa.Column('platform', sa.String(length=32), nullable=False, comment='empty where the event does not say'),
    sa.Column('app_version', sa.String(length=64), nullable=False, comment='empty where the event does not say'),
    sa.Column('source', sa.String(length=64), nullable=False),
    sa.Column('events', sa.BigInteger(), nullable=False),
    sa.Column('failed', sa.BigInteger(), nullable=False, comment='events with at least one violation'),
    sa.PrimaryKeyConstraint('row_id', name=op.f('pk_tracking_seen')),
    comment='Events by file, day, platform, app version and source'
    )
    op.create_index('ix_tracking_seen_day_event', 'tracking_seen', ['day', 'event'], unique=False)
    op.create_index(op.f('ix_tracking_seen_file_id'), 'tracking_seen', ['file_id'], unique=False)
    op.create_table('tracking_violations',
    sa.Column('row_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('file_id', sa.BigInteger(), nullable=False),
    sa.Column('day', sa.Integer(), nullable=False),
    sa.Column('event', sa.String(length=255), nullable=False),
    sa.Column('platform', sa.String(length=32), nullable=False),
    sa.Column('app_version', sa.String(length=64), nullable=False),
    sa.Column('source', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('property', sa.String(length=255), nullable=False, comment='empty where the whole event is meant'),
    sa.Column('events', sa.BigInteger(), nullable=False),
    sa.Column('sample', sa.String(length=80), nullable=False, comment='masked id of one such event'),
    sa.PrimaryKeyConstraint('row_id', name=op.f('pk_tracking_violations')),
    comment='Where events differ from the plan, by file, day, platform, app version, source and kind'
    )
    op.create_index('ix_tracking_violations_day_event', 'tracking_violations', ['day', 'event'], unique=False)
    op.create_index(op.f('ix_tracking_violations_file_id'), 'tracking_violations', ['file_id'], unique=False)
