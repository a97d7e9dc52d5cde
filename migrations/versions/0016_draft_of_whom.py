"""A meeting belongs to the part of the tree of whoever made it, while it tests nobody."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Whoever reaches everything sees to the drafts that are there.
    op.add_column("meetings", sa.Column("organisation_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("meetings", "organisation_id")
