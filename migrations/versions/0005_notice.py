"""Public notices, objections to them, final grades, and rectification."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("previous_id", sa.Integer(), nullable=True),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("issuer", sa.String(length=60), nullable=False),
        sa.Column("contact", sa.String(length=100), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("counted", sa.String(length=10), nullable=False),
        sa.Column("exceptions", sa.JSON(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=False),
        sa.CheckConstraint("counted IN ('calendar', 'working')", name=op.f("ck_notices_counted")),
        sa.CheckConstraint("state IN ('published', 'withdrawn')", name=op.f("ck_notices_state")),
        sa.CheckConstraint(
            "(version = 1) = (previous_id IS NULL)", name=op.f("ck_notices_points_to_the_old")
        ),
        sa.ForeignKeyConstraint(
            ["previous_id"], ["notices.id"], name=op.f("fk_notices_previous_id_notices")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["rounds.id"], name=op.f("fk_notices_round_id_rounds")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("code", "version", name=op.f("uq_notices_code_version")),
        sa.UniqueConstraint("previous_id", name=op.f("uq_notices_previous_id")),
    )
    op.create_table(
        "final_grades",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("grade", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "(version = 1) = (kind = 'final')", name=op.f("ck_final_grades_final_first")
        ),
        sa.CheckConstraint(
            "kind = 'final' OR length(reason) > 0", name=op.f("ck_final_grades_reason_for_a_change")
        ),
        sa.CheckConstraint(
            "kind IN ('final', 'correction', 'upgrade')", name=op.f("ck_final_grades_kind")
        ),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["grading_records.id"],
            name=op.f("fk_final_grades_record_id_grading_records"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_final_grades")),
        sa.UniqueConstraint("record_id", "version", name=op.f("uq_final_grades_record_id_version")),
    )
    op.create_table(
        "notice_lines",
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("organisation", sa.String(length=100), nullable=False),
        sa.Column("domain", sa.String(length=60), nullable=False),
        sa.Column("grade", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notices.id"], name=op.f("fk_notice_lines_notice_id_notices")
        ),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["grading_records.id"],
            name=op.f("fk_notice_lines_record_id_grading_records"),
        ),
        sa.PrimaryKeyConstraint("notice_id", "position", name=op.f("pk_notice_lines")),
    )
    op.create_table(
        "objections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("notice_code", sa.String(length=8), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("signed", sa.String(length=40), nullable=False),
        sa.Column("contact", sa.String(length=60), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("investigation", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('upheld', 'partly', 'not_upheld')", name=op.f("ck_objections_outcome")
        ),
        sa.CheckConstraint(
            "outcome IS NULL OR length(answer) > 0", name=op.f("ck_objections_answer_with_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notices.id"], name=op.f("fk_objections_notice_id_notices")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objections")),
        sa.UniqueConstraint("notice_code", "number", name=op.f("uq_objections_notice_code_number")),
    )
    op.create_table(
        "rectifications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("organisation", sa.String(length=100), nullable=False),
        sa.Column("grade", sa.String(length=20), nullable=False),
        sa.Column("problems", sa.Text(), nullable=False),
        sa.Column("measures", sa.Text(), nullable=False),
        sa.Column("responsible", sa.String(length=40), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("begun_on", sa.Date(), nullable=False),
        sa.Column("deadline", sa.Date(), nullable=False),
        sa.CheckConstraint("deadline >= begun_on", name=op.f("ck_rectifications_deadline")),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["grading_records.id"],
            name=op.f("fk_rectifications_record_id_grading_records"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rectifications")),
        sa.UniqueConstraint("code", name=op.f("uq_rectifications_code")),
        sa.UniqueConstraint("record_id", name=op.f("uq_rectifications_record_id")),
    )
    op.create_table(
        "rectification_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rectification_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('progress', 'proof', 'returned', 'accepted')",
            name=op.f("ck_rectification_entries_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["rectification_id"],
            ["rectifications.id"],
            name=op.f("fk_rectification_entries_rectification_id_rectifications"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rectification_entries")),
    )


def downgrade() -> None:
    op.drop_table("rectification_entries")
    op.drop_table("rectifications")
    op.drop_table("objections")
    op.drop_table("notice_lines")
    op.drop_table("final_grades")
    op.drop_table("notices")
