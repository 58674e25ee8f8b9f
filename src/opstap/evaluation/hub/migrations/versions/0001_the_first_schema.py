"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "hub_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "members",
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("token_sha256", sa.String(), nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", name=op.f("pk_members")),
    )
    op.create_table(
        "cycles",
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("cell", sa.String(), nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("condition", sa.String(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("paused_seconds", sa.Double(), nullable=False),
        sa.Column("steps", sa.BigInteger(), nullable=False),
        sa.Column("picks", sa.BigInteger(), nullable=False),
        sa.Column("errors", sa.BigInteger(), nullable=False),
        sa.Column("empty_bins", sa.BigInteger(), nullable=False),
        sa.Column("disputed", sa.BigInteger(), nullable=False),
        sa.Column("help_calls", sa.BigInteger(), nullable=False),
        sa.Column("coach_seconds", sa.Double(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["member"], ["members.member"], name=op.f("fk_cycles_member"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("member", "id", name=op.f("pk_cycles")),
    )
    with op.batch_alter_table("cycles", schema=None) as batch_op:
        batch_op.create_index("ix_cycles_day", ["day"], unique=False)
        batch_op.create_index("ix_cycles_person", ["member", "person"], unique=False)

    op.create_table(
        "erasures",
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["member"], ["members.member"], name=op.f("fk_erasures_member"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("member", "person", name=op.f("pk_erasures")),
    )
    op.create_table(
        "tallies",
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("cell", sa.String(), nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("jobs", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["member"], ["members.member"], name=op.f("fk_tallies_member"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("member", "id", name=op.f("pk_tallies")),
    )
