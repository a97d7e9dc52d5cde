"""Which host has the urn of a meeting, where several hosts share one database."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("meetings", sa.Column("urn_host", sa.String(length=120), nullable=True))


def downgrade() -> None:
    # Not in a batch: it would drop the table that others refer to.
    op.drop_column("meetings", "urn_host")
