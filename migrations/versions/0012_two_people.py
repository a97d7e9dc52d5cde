"""Opening and closing a meeting takes two people; one-time codes of accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

REFUSAL = "what two people have confirmed is never changed"


def upgrade() -> None:
    op.create_table(
        "confirmations",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=5), nullable=False),
        sa.Column("part", sa.String(length=7), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("by_code", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("present", sa.Integer(), nullable=True),
        sa.Column("done", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.CheckConstraint("action IN ('open', 'close')", name=op.f("ck_confirmations_action")),
        sa.CheckConstraint("part IN ('host', 'witness')", name=op.f("ck_confirmations_part")),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name=op.f("fk_confirmations_meeting_id_meetings")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_confirmations_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("meeting_id", "action", "part", name=op.f("pk_confirmations")),
        sa.UniqueConstraint(
            "meeting_id",
            "action",
            "account_id",
            name=op.f("uq_confirmations_meeting_id_action_account_id"),
        ),
    )
    op.create_table(
        "account_codes",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=8), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_account_codes_tries")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_account_codes_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", "purpose", "hash", name=op.f("pk_account_codes")),
    )
    _keep_what_is_done()


def _keep_what_is_done() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER confirmations_no_{event.lower()} BEFORE {event} "
                f"ON confirmations WHEN OLD.done BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
    else:
        op.execute(
            "CREATE FUNCTION confirmations_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER confirmations_no_change BEFORE UPDATE OR DELETE ON confirmations "
            "FOR EACH ROW WHEN (OLD.done) EXECUTE FUNCTION confirmations_refuse()"
        )


def downgrade() -> None:
    op.drop_table("account_codes")
    op.drop_table("confirmations")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION confirmations_refuse()")
