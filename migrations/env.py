"""Run the migrations on the application's own database, or on another that is named.

They are numbered and linear.
"""

from alembic import context
from flask import current_app

from app.models.base import Base

# `db-copy` brings another database up to date.
engine = context.config.attributes.get("engine") or current_app.extensions["migrate"].db.engine


def run() -> None:
    """Each migration in one transaction; SQLite alters tables by copying them (batch mode)."""
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
