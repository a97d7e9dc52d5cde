"""Paper ballots in numbers, and attendance."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _group_key(table: str, **options: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["meeting_id", "group_code"],
        ["voter_groups.meeting_id", "voter_groups.code"],
        name=op.f(f"fk_{table}_meeting_id_voter_groups"),
        **options,
    )


def _meeting_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["meeting_id"], ["meetings.id"], name=op.f(f"fk_{table}_meeting_id_meetings")
    )


def upgrade() -> None:
    op.create_table(
        "paper_issues",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("group_code", sa.String(length=4), nullable=False),
        sa.Column("issued", sa.Integer(), nullable=False),
        sa.CheckConstraint("issued >= 0", name=op.f("ck_paper_issues_issued")),
        _group_key("paper_issues"),
        sa.PrimaryKeyConstraint("meeting_id", "group_code", name=op.f("pk_paper_issues")),
    )
    op.create_table(
        "paper_entries",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("entry", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_paper_entries_account_id_accounts")
        ),
        _meeting_key("paper_entries"),
        sa.PrimaryKeyConstraint("meeting_id", "account_id", name=op.f("pk_paper_entries")),
    )
    op.create_table(
        "paper_results",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("issued", sa.JSON(), nullable=False),
        sa.Column("entry", sa.JSON(), nullable=False),
        sa.Column("tellers", sa.JSON(), nullable=False),
        _meeting_key("paper_results"),
        sa.PrimaryKeyConstraint("meeting_id", name=op.f("pk_paper_results")),
    )
    op.create_table(
        "attendance",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("group_code", sa.String(length=4), nullable=False),
        sa.Column("present", sa.Integer(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "present >= 0 AND late >= 0 AND gone >= 0", name=op.f("ck_attendance_numbers")
        ),
        sa.CheckConstraint("gone <= present + late", name=op.f("ck_attendance_gone")),
        _group_key("attendance", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("meeting_id", "group_code", name=op.f("pk_attendance")),
    )


def downgrade() -> None:
    for table in ("attendance", "paper_results", "paper_entries", "paper_issues"):
        op.drop_table(table)
