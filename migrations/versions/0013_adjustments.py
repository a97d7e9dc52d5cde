"""Deductions and bonuses of a record: how many times each applied, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _name_groups()
    op.create_table(
        "adjustments",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.CheckConstraint("kind IN ('deductions', 'bonuses')", name=op.f("ck_adjustments_kind")),
        sa.CheckConstraint("times > 0", name=op.f("ck_adjustments_times")),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_adjustments_reason")),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["grading_records.id"],
            name=op.f("fk_adjustments_record_id_grading_records"),
        ),
        sa.PrimaryKeyConstraint("record_id", "kind", "position", name=op.f("pk_adjustments")),
    )


def _name_groups() -> None:
    """Results of meetings closed before know their groups by code alone: put the names beside."""
    bind = op.get_bind()
    records = sa.table("grading_records", sa.column("id"), sa.column("mass", sa.JSON()))
    names: dict[str, dict[str, str]] = {}
    rows = bind.execute(
        sa.text(
            "SELECT meetings.code, voter_groups.code, voter_groups.name FROM voter_groups "
            "JOIN meetings ON meetings.id = voter_groups.meeting_id"
        )
    )
    for code, group, name in rows:
        names.setdefault(code, {})[group] = name
    for row in bind.execute(sa.select(records)).all():
        if row.mass and "groups" not in row.mass:
            mass = {**row.mass, "groups": names.get(row.mass["meeting"], {})}
            bind.execute(records.update().where(records.c.id == row.id).values(mass=mass))


def downgrade() -> None:
    op.drop_table("adjustments")
