"""Corrections of final grades that are published first; who was graded without a meeting."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = ("finalisations", "corrections", "correction_ends", "corrected_lines", "upgrades")
REFUSAL = "what has been published is never changed"
ANSWERED = "what has been answered is never changed"
SENT = ("notice_id", "notice_code", "number", "about", "text", "signed", "contact", "received_on")
"""What somebody has written in an objection, and when it came."""


def upgrade() -> None:
    op.create_table(
        "finalisations",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("untested", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.CheckConstraint("untested >= 0", name=op.f("ck_finalisations_untested")),
        sa.CheckConstraint(
            "untested = 0 OR length(reason) > 0", name=op.f("ck_finalisations_untested_why")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["rounds.id"], name=op.f("fk_finalisations_round_id_rounds")
        ),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_finalisations")),
    )
    op.create_table(
        "corrections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("replaces_id", sa.Integer(), nullable=False),
        sa.Column("grade", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("proposed_on", sa.Date(), nullable=False),
        sa.CheckConstraint("attempt > 0", name=op.f("ck_corrections_attempt")),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_corrections_reason")),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["grading_records.id"],
            name=op.f("fk_corrections_record_id_grading_records"),
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"],
            ["final_grades.id"],
            name=op.f("fk_corrections_replaces_id_final_grades"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
        sa.UniqueConstraint("record_id", "attempt", name=op.f("uq_corrections_record_id_attempt")),
    )
    op.create_table(
        "correction_ends",
        sa.Column("correction_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("final_grade_id", sa.Integer(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('in_force', 'withdrawn')", name=op.f("ck_correction_ends_outcome")
        ),
        sa.CheckConstraint(
            "(outcome = 'in_force') = (final_grade_id IS NOT NULL)",
            name=op.f("ck_correction_ends_grade_in_force"),
        ),
        sa.CheckConstraint(
            "outcome = 'in_force' OR length(reason) > 0",
            name=op.f("ck_correction_ends_withdrawn_why"),
        ),
        sa.ForeignKeyConstraint(
            ["correction_id"],
            ["corrections.id"],
            name=op.f("fk_correction_ends_correction_id_corrections"),
        ),
        sa.ForeignKeyConstraint(
            ["final_grade_id"],
            ["final_grades.id"],
            name=op.f("fk_correction_ends_final_grade_id_final_grades"),
        ),
        sa.PrimaryKeyConstraint("correction_id", name=op.f("pk_correction_ends")),
        sa.UniqueConstraint("final_grade_id", name=op.f("uq_correction_ends_final_grade_id")),
    )
    op.create_table(
        "corrected_lines",
        sa.Column("notice_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("correction_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["notice_id", "position"],
            ["notice_lines.notice_id", "notice_lines.position"],
            name=op.f("fk_corrected_lines_notice_id_position_notice_lines"),
        ),
        sa.ForeignKeyConstraint(
            ["correction_id"],
            ["corrections.id"],
            name=op.f("fk_corrected_lines_correction_id_corrections"),
        ),
        sa.PrimaryKeyConstraint("notice_id", "position", name=op.f("pk_corrected_lines")),
        sa.UniqueConstraint(
            "notice_id", "correction_id", name=op.f("uq_corrected_lines_notice_id_correction_id")
        ),
    )
    op.create_table(
        "upgrades",
        sa.Column("rectification_id", sa.Integer(), nullable=False),
        sa.Column("final_grade_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rectification_id"],
            ["rectifications.id"],
            name=op.f("fk_upgrades_rectification_id_rectifications"),
        ),
        sa.ForeignKeyConstraint(
            ["final_grade_id"],
            ["final_grades.id"],
            name=op.f("fk_upgrades_final_grade_id_final_grades"),
        ),
        sa.PrimaryKeyConstraint("rectification_id", name=op.f("pk_upgrades")),
        sa.UniqueConstraint("final_grade_id", name=op.f("uq_upgrades_final_grade_id")),
    )
    _keep_upgrades()
    if op.get_bind().dialect.name == "sqlite":
        _guard_on_sqlite()
    else:
        _guard_on_postgresql()


def _keep_upgrades() -> None:
    """The grade that an accepted plan has already raised: its last one, where there are several."""
    op.execute(
        "INSERT INTO upgrades (rectification_id, final_grade_id) "
        "SELECT r.id, (SELECT g.id FROM final_grades g WHERE g.record_id = r.record_id "
        "AND g.kind = 'upgrade' ORDER BY g.version DESC LIMIT 1) FROM rectifications r "
        "WHERE EXISTS (SELECT 1 FROM final_grades g WHERE g.record_id = r.record_id "
        "AND g.kind = 'upgrade')"
    )


def _guard_on_sqlite() -> None:
    for table in TABLES:
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
    changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in SENT)
    op.execute(
        "CREATE TRIGGER objections_no_update BEFORE UPDATE ON objections "
        f"WHEN OLD.outcome IS NOT NULL OR {changed} "
        f"BEGIN SELECT RAISE(ABORT, '{ANSWERED}'); END"
    )
    op.execute(
        "CREATE TRIGGER objections_no_delete BEFORE DELETE ON objections "
        f"BEGIN SELECT RAISE(ABORT, '{ANSWERED}'); END"
    )


def _guard_on_postgresql() -> None:
    for table in TABLES:
        op.execute(
            f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE "
            f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
        )
    changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in SENT)
    op.execute(
        "CREATE FUNCTION objections_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{ANSWERED}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER objections_no_update BEFORE UPDATE ON objections FOR EACH ROW "
        f"WHEN (OLD.outcome IS NOT NULL OR {changed}) EXECUTE FUNCTION objections_refuse()"
    )
    op.execute(
        "CREATE TRIGGER objections_no_delete BEFORE DELETE OR TRUNCATE ON objections "
        "FOR EACH STATEMENT EXECUTE FUNCTION objections_refuse()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for event in ("update", "delete"):
            op.execute(f"DROP TRIGGER objections_no_{event}")
            for table in TABLES:
                op.execute(f"DROP TRIGGER {table}_no_{event}")
    else:
        for event in ("update", "delete"):
            op.execute(f"DROP TRIGGER objections_no_{event} ON objections")
        op.execute("DROP FUNCTION objections_refuse()")
        for table in TABLES:
            op.execute(f"DROP TRIGGER {table}_no_change ON {table}")
            op.execute(f"DROP FUNCTION {table}_refuse()")
    for table in reversed(TABLES):
        op.drop_table(table)
