"""Accounts have a role and a place in the tree."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "accounts",
        sa.Column("role", sa.String(length=20), nullable=False, server_default="system_admin"),
    )
    op.add_column("accounts", sa.Column("organisation_id", sa.Integer(), nullable=True))
    for name in ("disabled", "must_change"):
        op.add_column(
            "accounts", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
        )


def downgrade() -> None:
    for name in ("must_change", "disabled", "organisation_id", "role"):
        op.drop_column("accounts", name)
