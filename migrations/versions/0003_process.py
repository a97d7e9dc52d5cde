"""The steps of a round, survey, self-assessment, attachments, the superior's assessment."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TOTALS = "scoring IN ('totals')"
POINTS = "scoring IN ('totals', 'points')"


def upgrade() -> None:
    _replace_check(TOTALS, POINTS)
    op.create_table(
        "attachment_contents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment_contents")),
    )
    op.create_table(
        "round_points",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("points", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"], ["rounds.id"], name=op.f("fk_round_points_round_id_rounds")
        ),
        sa.PrimaryKeyConstraint("round_id", "position", name=op.f("pk_round_points")),
    )
    op.create_table(
        "round_steps",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("starts", sa.Date(), nullable=True),
        sa.Column("ends", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "starts IS NULL OR ends IS NULL OR starts <= ends", name=op.f("ck_round_steps_in_order")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["rounds.id"], name=op.f("fk_round_steps_round_id_rounds")
        ),
        sa.PrimaryKeyConstraint("round_id", "position", name=op.f("pk_round_steps")),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("grade", sa.String(length=20), nullable=False),
        sa.Column("proposed", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("basis", sa.JSON(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=False),
        sa.CheckConstraint(
            "grade = proposed OR length(reason) > 0", name=op.f("ck_decisions_stricter_why")
        ),
        sa.CheckConstraint("version > 0", name=op.f("ck_decisions_version")),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["grading_records.id"],
            name=op.f("fk_decisions_record_id_grading_records"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sa.UniqueConstraint("record_id", "version", name=op.f("uq_decisions_record_id_version")),
    )
    op.create_table(
        "self_assessments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("present", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("claimed", sa.String(length=20), nullable=False),
        sa.Column("total", sa.String(length=40), nullable=True),
        sa.Column("submitted_on", sa.Date(), nullable=True),
        sa.Column("submitted_by", sa.String(length=40), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("checked_by", sa.String(length=40), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state <> 'returned' OR length(reasons) > 0",
            name=op.f("ck_self_assessments_returned_why"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'returned', 'accepted')",
            name=op.f("ck_self_assessments_state"),
        ),
        sa.CheckConstraint("version > 0", name=op.f("ck_self_assessments_version")),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["grading_records.id"],
            name=op.f("fk_self_assessments_record_id_grading_records"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_self_assessments")),
        sa.UniqueConstraint(
            "record_id", "version", name=op.f("uq_self_assessments_record_id_version")
        ),
    )
    op.create_table(
        "superior_lines",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("score", sa.String(length=40), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["grading_records.id"],
            name=op.f("fk_superior_lines_record_id_grading_records"),
        ),
        sa.PrimaryKeyConstraint("record_id", "position", name=op.f("pk_superior_lines")),
    )
    op.create_table(
        "surveys",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"], ["grading_records.id"], name=op.f("fk_surveys_record_id_grading_records")
        ),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_surveys")),
    )
    op.create_table(
        "visits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("visited", sa.Date(), nullable=True),
        sa.Column("visitor", sa.String(length=40), nullable=False),
        sa.Column("household", sa.String(length=40), nullable=False),
        sa.Column("interviewed", sa.String(length=20), nullable=False),
        sa.Column("ratings", sa.JSON(), nullable=False),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"], ["grading_records.id"], name=op.f("fk_visits_record_id_grading_records")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
    )
    op.create_index(op.f("ix_visits_record_id"), "visits", ["record_id"], unique=False)
    op.create_table(
        "attachments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assessment_id", sa.Integer(), nullable=False),
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('pdf', 'docx', 'xlsx', 'jpg', 'png')", name=op.f("ck_attachments_kind")
        ),
        sa.ForeignKeyConstraint(
            ["assessment_id"],
            ["self_assessments.id"],
            name=op.f("fk_attachments_assessment_id_self_assessments"),
        ),
        sa.ForeignKeyConstraint(
            ["content_id"],
            ["attachment_contents.id"],
            name=op.f("fk_attachments_content_id_attachment_contents"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    op.create_index(
        op.f("ix_attachments_assessment_id"), "attachments", ["assessment_id"], unique=False
    )
    op.create_index(op.f("ix_attachments_content_id"), "attachments", ["content_id"], unique=False)
    op.create_table(
        "self_lines",
        sa.Column("assessment_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("score", sa.String(length=40), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessment_id"],
            ["self_assessments.id"],
            name=op.f("fk_self_lines_assessment_id_self_assessments"),
        ),
        sa.PrimaryKeyConstraint("assessment_id", "position", name=op.f("pk_self_lines")),
    )


def downgrade() -> None:
    op.drop_table("self_lines")
    op.drop_table("attachments")
    op.drop_table("visits")
    op.drop_table("surveys")
    op.drop_table("superior_lines")
    op.drop_table("self_assessments")
    op.drop_table("decisions")
    op.drop_table("round_steps")
    op.drop_table("round_points")
    op.drop_table("attachment_contents")
    op.execute("UPDATE rounds SET scoring = 'totals'")
    _replace_check(POINTS, TOTALS)


def _replace_check(old: str, new: str) -> None:
    """Put another check on rounds.scoring, whatever columns the table has by now."""
    if op.get_bind().dialect.name == "sqlite":
        _make_anew(old, new)
    else:
        op.drop_constraint(op.f("ck_rounds_scoring"), "rounds", type_="check")
        op.create_check_constraint(op.f("ck_rounds_scoring"), "rounds", new)


def _make_anew(old: str, new: str) -> None:
    """SQLite cannot alter a check. Others refer to the table: its rows are back before the end."""
    bind = op.get_bind()
    found = bind.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE tbl_name = 'rounds' AND sql IS NOT NULL "
        "ORDER BY type DESC"
    )
    table, *indexes = found.scalars().all()
    bind.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    bind.exec_driver_sql("CREATE TABLE rounds_kept AS SELECT * FROM rounds")
    bind.exec_driver_sql("DROP TABLE rounds")
    for statement in (table.replace(old, new), *indexes):
        bind.exec_driver_sql(statement)
    bind.exec_driver_sql("INSERT INTO rounds SELECT * FROM rounds_kept")
    bind.exec_driver_sql("DROP TABLE rounds_kept")
