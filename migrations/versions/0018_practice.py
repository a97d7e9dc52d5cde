"""First rehearsals apart from everything else; no record may hold a rehearsal's result."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

RESULT = "the result of a rehearsal never enters a record"
REAL = "a meeting in a practice round is a rehearsal, and a rehearsal stays one"

OF_REHEARSAL = "json_extract(NEW.mass, '$.meeting') IN (SELECT code FROM meetings WHERE rehearsal)"
IN_PRACTICE = "NOT NEW.rehearsal AND NEW.round_id IN (SELECT id FROM rounds WHERE practice)"
TURNS_REAL = "OLD.state <> 'draft' AND NEW.rehearsal <> OLD.rehearsal"

SQLITE = {
    "grading_records_rehearsal_insert": ("INSERT ON grading_records", OF_REHEARSAL, RESULT),
    "grading_records_rehearsal_update": ("UPDATE OF mass ON grading_records", OF_REHEARSAL, RESULT),
    "meetings_rehearsal_insert": ("INSERT ON meetings", IN_PRACTICE, REAL),
    "meetings_rehearsal_update": (
        "UPDATE OF rehearsal, round_id ON meetings",
        f"({IN_PRACTICE}) OR ({TURNS_REAL})",
        REAL,
    ),
}

OF_RECORDS = f"""
CREATE FUNCTION grading_records_rehearsal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.mass->>'meeting' IN (SELECT code FROM meetings WHERE rehearsal) THEN
        RAISE EXCEPTION '{RESULT}';
    END IF;
    RETURN NEW;
END $$
"""  # noqa: S608 - constants
OF_MEETINGS = f"""
CREATE FUNCTION meetings_rehearsal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {IN_PRACTICE} THEN
        RAISE EXCEPTION '{REAL}';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF {TURNS_REAL} THEN
            RAISE EXCEPTION '{REAL}';
        END IF;
    END IF;
    RETURN NEW;
END $$
"""
POSTGRESQL = {
    "grading_records": (OF_RECORDS, "INSERT OR UPDATE OF mass"),
    "meetings": (OF_MEETINGS, "INSERT OR UPDATE OF rehearsal, round_id"),
}


def upgrade() -> None:
    for table in ("rounds", "organisations"):
        op.add_column(
            table, sa.Column("practice", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    op.create_table(
        "practices",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("seen", sa.String(length=60), nullable=False, server_default=""),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_practices_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name=op.f("fk_practices_meeting_id_meetings")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_practices")),
        sa.UniqueConstraint("meeting_id", name=op.f("uq_practices_meeting_id")),
    )
    op.create_table(
        "simulations",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("voters", sa.Integer(), nullable=False),
        sa.Column("cast", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("failed", sa.Integer(), nullable=False, server_default="0"),
        sa.CheckConstraint(
            'voters > 0 AND "cast" >= 0 AND failed >= 0', name=op.f("ck_simulations_numbers")
        ),
        sa.CheckConstraint(
            '"cast" + failed <= voters', name=op.f("ck_simulations_no_more_than_there_are")
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name=op.f("fk_simulations_meeting_id_meetings")
        ),
        sa.PrimaryKeyConstraint("meeting_id", name=op.f("pk_simulations")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for name, (event, condition, refusal) in SQLITE.items():
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} WHEN {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
            )
    else:
        for table, (function, event) in POSTGRESQL.items():
            op.execute(function)
            op.execute(
                f"CREATE TRIGGER {table}_rehearsal BEFORE {event} ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION {table}_rehearsal()"
            )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in SQLITE:
            op.execute(f"DROP TRIGGER {name}")
    else:
        for table in POSTGRESQL:
            op.execute(f"DROP TRIGGER {table}_rehearsal ON {table}")
            op.execute(f"DROP FUNCTION {table}_rehearsal()")
    for table in ("simulations", "practices"):
        op.drop_table(table)
    for table in ("organisations", "rounds"):
        op.drop_column(table, "practice")
