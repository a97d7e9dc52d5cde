"""What a roster says of organisations, and what became of them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

REFUSAL = "the history of organisations is never changed"
TABLE = "organisation_changes"


def upgrade() -> None:
    for name in ("domain", "secretary"):
        op.add_column(
            "organisations",
            sa.Column(name, sa.String(length=40), nullable=False, server_default=""),
        )
    op.add_column("organisations", sa.Column("members", sa.Integer(), nullable=True))
    op.add_column("organisations", sa.Column("last_admitted", sa.Integer(), nullable=True))
    op.add_column("organisations", sa.Column("closed_on", sa.Date(), nullable=True))
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("before", sa.String(length=200), nullable=False),
        sa.Column("after", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('renamed', 'moved', 'closed', 'reopened', 'merged', 'received')",
            name=op.f("ck_organisation_changes_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_changes")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {TABLE}_no_{event.lower()} BEFORE {event} ON {TABLE} "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {TABLE}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE "
        f"ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_refuse()"
    )


def downgrade() -> None:
    op.drop_table(TABLE)
    if op.get_bind().dialect.name != "sqlite":
        op.execute(f"DROP FUNCTION {TABLE}_refuse()")
    for name in ("closed_on", "last_admitted", "members", "secretary", "domain"):
        op.drop_column("organisations", name)
