"""Accounts may have a second step of the log-in."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("totp_secret", sa.LargeBinary(length=120), nullable=True))
    op.add_column(
        "accounts",
        sa.Column("totp_on", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("accounts", sa.Column("totp_step", sa.BigInteger(), nullable=True))
    op.add_column(
        "accounts", sa.Column("totp_failures", sa.Integer(), nullable=False, server_default="0")
    )


def downgrade() -> None:
    for name in ("totp_failures", "totp_step", "totp_on", "totp_secret"):
        op.drop_column("accounts", name)
