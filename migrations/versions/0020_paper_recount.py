"""How often a teller has corrected beside another's entry, and which entries were discarded."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "paper_entries", sa.Column("corrections", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column(
        "paper_entries",
        sa.Column("discarded", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    entries = sa.table("paper_entries", sa.column("discarded", sa.Boolean()))
    op.execute(sa.delete(entries).where(entries.c.discarded))
    op.drop_column("paper_entries", "discarded")
    op.drop_column("paper_entries", "corrections")
