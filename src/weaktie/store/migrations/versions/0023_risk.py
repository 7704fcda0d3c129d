"""what is judged as risk"""

import sqlalchemy as sa
from alembic import op

revision = '0023'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """what is judged as risk."""
    op.create_table('risk_accounts',
    sa.Column('account_no', sa.BigInteger(), autoincrement=False, nullable=False, comment='identifier of the account'),
    sa.Column('inviter_no', sa.BigInteger(), nullable=True, comment='identifier of who invited it'),
    sa.Column('invited_us', sa.BigInteger(), nullable=True, comment='when the invitation was sent'),
    sa.Column('registered_us', sa.BigInteger(), nullable=True, comment='when the account came to be'),
    sa.Column('orders', sa.Integer(), nullable=False, comment='as of the last look into the lake'),
    sa.Column('refunds', sa.Integer(), nullable=False),
    sa.Column('ordered_us', sa.BigInteger(), nullable=True, comment='its first order'),
    sa.Column('seen_us', sa.BigInteger(), nullable=True, comment='its last event of which analysis is granted'),
    sa.Column('met_us', sa.BigInteger(), nullable=False, comment='when the row was made'),
    sa.PrimaryKeyConstraint('account_no', name=op.f('pk_risk_accounts')),
    comment='Accounts that invite, were invited or claim a reward, with the figures by which they are judged'
    )
    op.create_index('ix_risk_accounts_inviter_no', 'risk_accounts', ['inviter_no', 'registered_us'], unique=False)
    op.create_index('ix_risk_accounts_met_us', 'risk_accounts', ['met_us'], unique=False)
    op.create_table('risk_sightings',
    sa.Column('account_no', sa.BigInteger(), autoincrement=False, nullable=False, comment='identifier of the account'),
    sa.Column('kind', sa.SmallInteger(), autoincrement=False, nullable=False, comment='device, app id, ip, network, payout, address, phone'),
    sa.Column('thing', sa.String(length=32), nullable=False, comment='keyed hash of what was seen; the value itself is not kept'),
    sa.Column('at_us', sa.BigInteger(), nullable=False, comment='first time'),
    sa.PrimaryKeyConstraint('account_no', 'kind', 'thing', name=op.f('pk_risk_sightings')),
    comment='Which device, address or payout account was seen with which account, as keyed hashes'
    )
    op.create_index('ix_risk_sightings_thing', 'risk_sightings', ['kind', 'thing', 'at_us'], unique=False)
    op.create_index('ix_risk_sightings_at_us', 'risk_sightings', ['at_us'], unique=False)
    op.create_table('risk_cases',
    sa.Column('case_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False, comment='sign_up, invitation or reward'),
    sa.Column('ref', sa.String(length=128), nullable=False, comment="its name in the asker's books"),
    sa.Column('account_no', sa.BigInteger(), nullable=True, comment='identifier of the account that is judged'),
    sa.Column('inviter_no', sa.BigInteger(), nullable=True, comment='identifier of who invited it'),
    sa.Column('at_us', sa.BigInteger(), nullable=False),
    sa.Column('score', sa.Float(), nullable=False, comment='0 to 100'),
    sa.Column('decision', sa.String(length=8), nullable=False, comment='what the score said: pass, hold or refuse'),
    sa.Column('reasons_json', sa.Text(), nullable=False, comment='code, words in both languages, points'),
    sa.Column('rules_version', sa.Integer(), nullable=False),
    sa.Column('verdict', sa.String(length=8), nullable=True, comment='what a person decided; null while nobody has'),
    sa.Column('note', sa.String(length=500), nullable=False, comment='why, in the words of who decided'),
    sa.Column('decided_by', sa.String(length=64), nullable=True),
    sa.Column('decided_us', sa.BigInteger(), nullable=True),
    sa.Column('appeal', sa.String(length=1000), nullable=True, comment="what the account's owner says against a refusal"),
    sa.Column('appealed_us', sa.BigInteger(), nullable=True),
    sa.Column('appeal_until_us', sa.BigInteger(), nullable=True, comment='until when a refusal may be appealed against'),
    sa.PrimaryKeyConstraint('case_id', name=op.f('pk_risk_cases')),
    comment='Every sign-up, invitation and reward that was judged, why, and what people decided'
    )
    op.create_index('ix_risk_cases_kind_ref', 'risk_cases', ['kind', 'ref'], unique=True)
    op.create_index('ix_risk_cases_account_no', 'risk_cases', ['account_no'], unique=False)
    op.create_index('ix_risk_cases_inviter_no', 'risk_cases', ['inviter_no'], unique=False)
    op.create_index('ix_risk_cases_at_us', 'risk_cases', ['at_us', 'case_id'], unique=False)
    op.create_table('risk_rules',
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('rules_json', sa.Text(), nullable=False, comment='points, low and high of every rule'),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('made_by', sa.String(length=64), nullable=False),
    sa.Column('made_us', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('version', name=op.f('pk_risk_rules')),
    comment='Weights of the risk rules; the newest version holds'
    )
    op.create_table('risk_canaries',
    sa.Column('at_us', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('caught', sa.Boolean(), nullable=False, comment='whether the made-up farm was refused and the made-up honest account passed'),
    sa.Column('score', sa.Float(), nullable=False, comment="of the made-up farm's account"),
    sa.PrimaryKeyConstraint('at_us', name=op.f('pk_risk_canaries')),
    comment='Made-up cases by which the scorer is watched every hour'
    )
    op.create_table('flag_experiments',
    sa.Column('key', sa.String(length=80), nullable=False, comment='how code and SDKs call it'),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('definition_json', sa.Text(), nullable=False, comment='salt, unit, variants with weights, holdout'),
    sa.Column('made_by', sa.String(length=64), nullable=False),
    sa.Column('made_us', sa.BigInteger(), nullable=False),
    sa.Column('stopped_us', sa.BigInteger(), nullable=True, comment='null while it assigns'),
    sa.PrimaryKeyConstraint('key', 'version', name=op.f('pk_flag_experiments')),
    comment='What units are assigned to, by version; a version never changes'
    )
    op.create_table('flag_exposures',
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('unit', sa.String(length=32), nullable=False, comment='keyed hash of the unit'),
    sa.Column('alias_no', sa.BigInteger(), nullable=True, comment='identifier of the person, where the unit is a person'),
    sa.Column('variant', sa.String(length=40), nullable=False),
    sa.Column('probability', sa.Float(), nullable=False, comment='with which the unit came to this variant'),
    sa.Column('bucket', sa.Integer(), nullable=False, comment='0 to 9,999'),
    sa.Column('first_us', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('key', 'version', 'unit', name=op.f('pk_flag_exposures')),
    comment='Who was exposed to which variant, with the probability'
    )
    op.create_index('ix_flag_exposures_alias_no', 'flag_exposures', ['alias_no'], unique=False)
