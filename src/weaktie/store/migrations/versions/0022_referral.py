"""referral: campaigns, invitations, rewards, group buying"""

import sqlalchemy as sa
from alembic import op

revision = '0022'
down_revision = '0023'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """referral: campaigns, invitations, rewards, group buying."""
    op.create_table('referral_campaigns',
    sa.Column('campaign_id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False, comment='draft, checked, running, paused or ended'),
    sa.Column('reason', sa.String(length=32), nullable=False, comment='why it was paused by itself; empty where a person did it'),
    sa.Column('created_us', sa.BigInteger(), nullable=False),
    sa.Column('created_by', sa.String(length=64), nullable=False),
    sa.Column('started_us', sa.BigInteger(), nullable=True),
    sa.Column('ended_us', sa.BigInteger(), nullable=True),
    sa.Column('granted', sa.Integer(), nullable=False, comment="friends' coupons given out, held against the stock"),
    sa.Column('funded_minor', sa.BigInteger(), nullable=False, comment='what was moved to its account of the ledger'),
    sa.PrimaryKeyConstraint('campaign_id', name=op.f('pk_referral_campaigns')),
    comment='Referral campaigns; their rules are in referral_versions'
    )
    op.create_index(op.f('ix_referral_campaigns_created_us'), 'referral_campaigns', ['created_us'], unique=False)
    op.create_table('referral_deliveries',
    sa.Column('delivery_id', sa.String(length=40), nullable=False),
    sa.Column('hook_id', sa.String(length=40), nullable=False),
    sa.Column('event', sa.String(length=32), nullable=False),
    sa.Column('ref', sa.String(length=40), nullable=False, comment='the friend, reward or group it is about: read anew when it is sent'),
    sa.Column('made_us', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False, comment='waiting, sent or failed'),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('next_us', sa.BigInteger(), nullable=False),
    sa.Column('error', sa.String(length=64), nullable=False, comment='code of the last failure'),
    sa.PrimaryKeyConstraint('delivery_id', name=op.f('pk_referral_deliveries')),
    comment='Messages to the shop, each sent until it was taken'
    )
    op.create_index(op.f('ix_referral_deliveries_hook_id'), 'referral_deliveries', ['hook_id'], unique=False)
    op.create_index('ix_referral_deliveries_next', 'referral_deliveries', ['state', 'next_us'], unique=False)
    op.create_table('referral_friends',
    sa.Column('friend_id', sa.String(length=40), nullable=False),
    sa.Column('campaign_id', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False, comment='the rules that hold for this friend'),
    sa.Column('invitation_id', sa.String(length=40), nullable=False),
    sa.Column('inviter', sa.Integer(), nullable=True, comment='null once the person was erased'),
    sa.Column('friend', sa.Integer(), nullable=True, comment='null once the person was erased; a person is brought once'),
    sa.Column('state', sa.String(length=16), nullable=False, comment='registered, ordered, rewarded, refunded or refused'),
    sa.Column('reason', sa.String(length=32), nullable=False),
    sa.Column('via', sa.String(length=16), nullable=False, comment='open: first touch; code: given at registration'),
    sa.Column('touched_us', sa.BigInteger(), nullable=False),
    sa.Column('registered_us', sa.BigInteger(), nullable=False),
    sa.Column('order_id', sa.String(length=200), nullable=True),
    sa.Column('ordered_us', sa.BigInteger(), nullable=True),
    sa.Column('ip_hash', sa.String(length=64), nullable=False, comment='keyed hash'),
    sa.Column('device_hash', sa.String(length=64), nullable=False, comment='keyed hash'),
    sa.Column('account_hash', sa.String(length=64), nullable=False, comment='keyed hash of the payout account'),
    sa.PrimaryKeyConstraint('friend_id', name=op.f('pk_referral_friends')),
    sa.UniqueConstraint('friend', name=op.f('uq_referral_friends_friend')),
    comment='Who registered by an invitation, or was refused and why'
    )
    op.create_index('ix_referral_friends_campaign', 'referral_friends', ['campaign_id', 'registered_us'], unique=False)
    op.create_index('ix_referral_friends_device', 'referral_friends', ['device_hash'], unique=False)
    op.create_index(op.f('ix_referral_friends_invitation_id'), 'referral_friends', ['invitation_id'], unique=False)
    op.create_index(op.f('ix_referral_friends_inviter'), 'referral_friends', ['inviter'], unique=False)
    op.create_table('referral_groups',
    sa.Column('group_id', sa.String(length=40), nullable=False),
    sa.Column('offer_id', sa.String(length=40), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('joined', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False, comment='open, succeeded or failed'),
    sa.Column('opened_us', sa.BigInteger(), nullable=False),
    sa.Column('expires_us', sa.BigInteger(), nullable=False),
    sa.Column('ended_us', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('group_id', name=op.f('pk_referral_groups')),
    comment='Groups that people opened'
    )
    op.create_index(op.f('ix_referral_groups_offer_id'), 'referral_groups', ['offer_id'], unique=False)
    op.create_index('ix_referral_groups_state', 'referral_groups', ['state', 'expires_us'], unique=False)
    op.create_table('referral_hooks',
    sa.Column('hook_id', sa.String(length=40), nullable=False),
    sa.Column('url', sa.String(length=2000), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False, comment='its secret under the master key'),
    sa.Column('events_json', sa.Text(), nullable=False),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    sa.Column('made_us', sa.BigInteger(), nullable=False),
    sa.Column('made_by', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('hook_id', name=op.f('pk_referral_hooks')),
    comment='Addresses of the shop that are told what happens in referral'
    )
    op.create_table('referral_invitations',
    sa.Column('invitation_id', sa.String(length=40), nullable=False),
    sa.Column('campaign_id', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=16), nullable=False, comment='signed: a guessed one is told without a look here'),
    sa.Column('inviter', sa.Integer(), nullable=True, comment='null once the person was erased'),
    sa.Column('channel', sa.String(length=16), nullable=False),
    sa.Column('day', sa.Integer(), nullable=False, comment='business day, for the daily limit'),
    sa.Column('sent_us', sa.BigInteger(), nullable=False),
    sa.Column('request_key', sa.String(length=80), nullable=True, comment="the caller's key of the request, so that a repeat makes nothing"),
    sa.Column('opens', sa.Integer(), nullable=False),
    sa.Column('first_open_us', sa.BigInteger(), nullable=True),
    sa.Column('friends', sa.Integer(), nullable=False, comment='how many registered by it'),
    sa.PrimaryKeyConstraint('invitation_id', name=op.f('pk_referral_invitations')),
    sa.UniqueConstraint('code', name=op.f('uq_referral_invitations_code')),
    sa.UniqueConstraint('request_key', name=op.f('uq_referral_invitations_request_key')),
    comment='Invitations that were sent'
    )
    op.create_index('ix_referral_invitations_campaign', 'referral_invitations', ['campaign_id', 'sent_us'], unique=False)
    op.create_index('ix_referral_invitations_inviter', 'referral_invitations', ['inviter', 'campaign_id', 'day'], unique=False)
    op.create_table('referral_inviters',
    sa.Column('campaign_id', sa.String(length=40), nullable=False),
    sa.Column('alias_no', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('first_us', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('campaign_id', 'alias_no', name=op.f('pk_referral_inviters')),
    comment='Who invites in a campaign; its row is locked while limits of that person are counted'
    )
    op.create_table('referral_members',
    sa.Column('order_id', sa.String(length=200), nullable=False),
    sa.Column('group_id', sa.String(length=40), nullable=False),
    sa.Column('person', sa.Integer(), nullable=True, comment='null once the person was erased'),
    sa.Column('initiator', sa.Boolean(), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False, comment='paid, refund_due or refunded'),
    sa.Column('joined_us', sa.BigInteger(), nullable=False),
    sa.Column('refunded_us', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('order_id', name=op.f('pk_referral_members')),
    sa.UniqueConstraint('group_id', 'person', name=op.f('uq_referral_members_group_id_person')),
    comment='Who is in a group, with the paid order'
    )
    op.create_index(op.f('ix_referral_members_person'), 'referral_members', ['person'], unique=False)
    op.create_table('referral_offers',
    sa.Column('offer_id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('product_id', sa.String(length=200), nullable=False),
    sa.Column('price_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False, comment='people that a group needs, the initiator counted'),
    sa.Column('hours', sa.Integer(), nullable=False),
    sa.Column('stock', sa.Integer(), nullable=False, comment='pieces; 0 for no limit'),
    sa.Column('sold', sa.Integer(), nullable=False, comment='pieces in groups that are open or succeeded'),
    sa.Column('state', sa.String(length=16), nullable=False, comment='draft, running or ended'),
    sa.Column('made_us', sa.BigInteger(), nullable=False),
    sa.Column('made_by', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('offer_id', name=op.f('pk_referral_offers')),
    comment='Products that people may buy in groups'
    )
    op.create_table('referral_orders',
    sa.Column('order_id', sa.String(length=200), nullable=False),
    sa.Column('buyer', sa.Integer(), nullable=True, comment='null once the person was erased'),
    sa.Column('friend_id', sa.String(length=40), nullable=True),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('paid_us', sa.BigInteger(), nullable=False),
    sa.Column('received_us', sa.BigInteger(), nullable=True, comment='when the goods came, where the shop says so'),
    sa.Column('refunded_minor', sa.BigInteger(), nullable=False),
    sa.Column('counted', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.String(length=32), nullable=False, comment='why it does not count'),
    sa.PrimaryKeyConstraint('order_id', name=op.f('pk_referral_orders')),
    comment='Orders that a shop reported to referral'
    )
    op.create_index(op.f('ix_referral_orders_buyer'), 'referral_orders', ['buyer'], unique=False)
    op.create_index(op.f('ix_referral_orders_friend_id'), 'referral_orders', ['friend_id'], unique=False)
    op.create_table('referral_rewards',
    sa.Column('reward_id', sa.String(length=40), nullable=False),
    sa.Column('campaign_id', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False, comment='friend, weak, inviter or bonus'),
    sa.Column('payee', sa.Integer(), nullable=True, comment='null once the person was erased'),
    sa.Column('friend_id', sa.String(length=40), nullable=True, comment='null for a bonus'),
    sa.Column('order_id', sa.String(length=200), nullable=True),
    sa.Column('step', sa.Integer(), nullable=False, comment="the bonus's number of friends; else 0"),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('form', sa.String(length=16), nullable=False, comment='coupon or cash'),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('reason', sa.String(length=32), nullable=False),
    sa.Column('note', sa.String(length=32), nullable=False, comment='what the tie changed: strong, weak, plain or no_graph'),
    sa.Column('strength', sa.String(length=12), nullable=False, comment="the tie's strength as it was known; empty where it was not"),
    sa.Column('transfer_id', sa.String(length=64), nullable=True, comment='of the ledger; null while nothing could be set aside'),
    sa.Column('posted_id', sa.String(length=64), nullable=True, comment='of the ledger, once it was paid'),
    sa.Column('due_us', sa.BigInteger(), nullable=False),
    sa.Column('made_us', sa.BigInteger(), nullable=False),
    sa.Column('decided_us', sa.BigInteger(), nullable=True),
    sa.Column('score', sa.Integer(), nullable=True),
    sa.Column('evidence_json', sa.Text(), nullable=False),
    sa.Column('decided_by', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('reward_id', name=op.f('pk_referral_rewards')),
    comment='Rewards: each is one posting of the ledger'
    )
    op.create_index('ix_referral_rewards_campaign', 'referral_rewards', ['campaign_id', 'made_us'], unique=False)
    op.create_index('ix_referral_rewards_due', 'referral_rewards', ['state', 'due_us'], unique=False)
    op.create_index(op.f('ix_referral_rewards_friend_id'), 'referral_rewards', ['friend_id'], unique=False)
    op.create_index(op.f('ix_referral_rewards_payee'), 'referral_rewards', ['payee'], unique=False)
    op.create_table('referral_touches',
    sa.Column('invitation_id', sa.String(length=40), nullable=False),
    sa.Column('visitor', sa.Integer(), autoincrement=False, nullable=False, comment='identifier of whoever opened it, often anonymous'),
    sa.Column('at_us', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('invitation_id', 'visitor', name=op.f('pk_referral_touches')),
    comment='Who opened an invitation first when: the ground of attribution'
    )
    op.create_index('ix_referral_touches_visitor', 'referral_touches', ['visitor', 'at_us'], unique=False)
    op.create_table('referral_versions',
    sa.Column('campaign_id', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('spec_json', sa.Text(), nullable=False),
    sa.Column('made_us', sa.BigInteger(), nullable=False),
    sa.Column('made_by', sa.String(length=64), nullable=False),
    sa.Column('effective_us', sa.BigInteger(), nullable=True, comment='from when it holds; null while it was never launched'),
    sa.Column('worse_json', sa.Text(), nullable=False, comment='what it makes worse for participants: announced seven days before'),
    sa.PrimaryKeyConstraint('campaign_id', 'version', name=op.f('pk_referral_versions')),
    comment="Every version of a campaign's rules; the highest whose time has come holds"
    )
