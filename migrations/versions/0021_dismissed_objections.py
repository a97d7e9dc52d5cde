"""Objections that are none of their own, dismissed together."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ANSWERED = "what has been answered is never changed"
SENT = ("notice_id", "notice_code", "number", "about", "text", "signed", "contact", "received_on")
"""As in migration 0010: what somebody has written in an objection, and when it came."""

BEFORE = "outcome IN ('upheld', 'partly', 'not_upheld')"
AFTER = "outcome IN ('upheld', 'partly', 'not_upheld', 'duplicate', 'unrelated')"


def upgrade() -> None:
    _replace_check(AFTER, "outcome")


def downgrade() -> None:
    """The version before knows no dismissal: its reason stays, as that of not upholding."""
    _replace_check(
        BEFORE,
        "CASE WHEN outcome IN ('duplicate', 'unrelated') THEN 'not_upheld' ELSE outcome END",
    )


def _replace_check(check: str, outcome: str) -> None:
    """Put another check on the outcomes. outcome: what becomes of those that are there."""
    if op.get_bind().dialect.name == "sqlite":
        _make_anew(check, outcome)
        return
    op.execute("ALTER TABLE objections DISABLE TRIGGER objections_no_update")
    op.drop_constraint(op.f("ck_objections_outcome"), "objections", type_="check")
    op.execute(f"UPDATE objections SET outcome = {outcome}")  # noqa: S608 - constants
    op.create_check_constraint(op.f("ck_objections_outcome"), "objections", check)
    op.execute("ALTER TABLE objections ENABLE TRIGGER objections_no_update")


def _make_anew(check: str, outcome: str) -> None:
    """SQLite cannot alter a check. No table refers to this one; its triggers go with it."""
    op.rename_table("objections", "objections_before")
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
        sa.CheckConstraint(check, name=op.f("ck_objections_outcome")),
        sa.CheckConstraint(
            "outcome IS NULL OR length(answer) > 0", name=op.f("ck_objections_answer_with_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notices.id"], name=op.f("fk_objections_notice_id_notices")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objections")),
        sa.UniqueConstraint("notice_code", "number", name=op.f("uq_objections_notice_code_number")),
    )
    others = (
        "id, notice_id, notice_code, number, about, text, signed, contact, received_on, "
        "investigation, answer, answered_on"
    )
    op.execute(
        f"INSERT INTO objections ({others}, outcome) "  # noqa: S608 - constants
        f"SELECT {others}, {outcome} FROM objections_before"
    )
    op.drop_table("objections_before")
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
