"""Whether screens at the entrance hand out a meeting's codes."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "meetings",
        sa.Column("entrance", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column(
        "meetings", sa.Column("entrance_version", sa.Integer(), nullable=False, server_default="1")
    )


def downgrade() -> None:
    op.drop_column("meetings", "entrance_version")
    op.drop_column("meetings", "entrance")
