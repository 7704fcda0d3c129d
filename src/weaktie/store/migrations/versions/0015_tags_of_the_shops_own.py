"""tags of the shop's own, rules of RFM"""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """tags of the shop's own, rules of RFM."""
    big_id = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
    op.create_table('tag_definitions',
    sa.Column('key', sa.String(length=64), nullable=False, comment='begins with x_'),
    sa.Column('kind', sa.String(length=16), nullable=False, comment='sql, python or manual'),
    sa.Column('name_zh', sa.String(length=64), nullable=False),
    sa.Column('name_en', sa.String(length=64), nullable=False),
    sa.Column('definition_zh', sa.Text(), nullable=False),
    sa.Column('definition_en', sa.Text(), nullable=False),
    sa.Column('unit_zh', sa.String(length=16), nullable=True),
    sa.Column('unit_en', sa.String(length=32), nullable=True),
    sa.Column('dimension', sa.String(length=16), nullable=False),
    sa.Column('dtype', sa.String(length=8), nullable=False, comment='text, number or bool'),
    sa.Column('sql', sa.Text(), nullable=False, comment='empty unless it is computed by SQL'),
    sa.Column('owner', sa.String(length=64), nullable=False, comment='who answers for it'),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('live_version', sa.Integer(), nullable=True, comment='whose values are read; null before the first back-fill'),
    sa.Column('expires_us', sa.BigInteger(), nullable=True, comment='from then on nobody has it'),
    sa.Column('made_us', sa.BigInteger(), nullable=False),
    sa.Column('filled_us', sa.BigInteger(), nullable=True, comment='when its values were computed last'),
    sa.Column('as_of_day', sa.Integer(), nullable=True),
    sa.Column('error', sa.Text(), nullable=True, comment='JSON: what the last computation failed with'),
    sa.Column('job_id', sa.String(length=40), nullable=True, comment='of its last back-fill'),
    sa.Column('dropped_us', sa.BigInteger(), nullable=True, comment='null while it is there'),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_tag_definitions')),
    comment='Tags that the shop made itself',
    )
    op.create_table('tag_versions',
    sa.Column('row_id', big_id, autoincrement=True, nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('definition_json', sa.Text(), nullable=False, comment='names, definition, type and SQL'),
    sa.Column('made_by', sa.String(length=64), nullable=False),
    sa.Column('made_us', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('row_id', name=op.f('pk_tag_versions')),
    sa.UniqueConstraint('key', 'version', name=op.f('uq_tag_versions_key_version')),
    comment="Every version of the shop's own tags",
    )
    op.create_index(op.f('ix_tag_versions_key'), 'tag_versions', ['key'], unique=False)
    op.create_table('tag_marks',
    sa.Column('mark_id', big_id, autoincrement=True, nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('alias_no', sa.Integer(), nullable=False),
    sa.Column('value', sa.String(length=100), nullable=False),
    sa.Column('how', sa.String(length=8), nullable=False, comment='hand or file'),
    sa.Column('set_by', sa.String(length=64), nullable=False),
    sa.Column('set_us', sa.BigInteger(), nullable=False),
    sa.Column('expires_us', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('mark_id', name=op.f('pk_tag_marks')),
    sa.UniqueConstraint('key', 'alias_no', name=op.f('uq_tag_marks_key_alias_no')),
    comment='Values that were set on people by hand or from a file',
    )
    op.create_index(op.f('ix_tag_marks_alias_no'), 'tag_marks', ['alias_no'], unique=False)
    op.create_table('tag_words',
    sa.Column('word', sa.String(length=64), nullable=False),
    sa.Column('added_by', sa.String(length=64), nullable=False),
    sa.Column('added_us', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('word', name=op.f('pk_tag_words')),
    comment='Words that this workspace forbids in tags beside those of the house',
    )
    op.create_table('tag_failures',
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('file', sa.String(length=255), nullable=False),
    sa.Column('line', sa.Integer(), nullable=False),
    sa.Column('message', sa.Text(), nullable=False),
    sa.Column('at_us', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_tag_failures')),
    comment="What failed in the home's Python files of tags at the last build",
    )
    op.create_table('rfm_rules',
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('rule_json', sa.Text(), nullable=False, comment='by currency: how each measure is cut'),
    sa.Column('made_by', sa.String(length=64), nullable=False),
    sa.Column('made_us', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('version', name=op.f('pk_rfm_rules')),
    comment='How RFM is cut; the highest version holds, without any it is cut by tertiles',
    )
