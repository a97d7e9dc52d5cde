"""A closing may be confirmed with a countdown."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("confirmations", sa.Column("countdown", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("confirmations", "countdown")
