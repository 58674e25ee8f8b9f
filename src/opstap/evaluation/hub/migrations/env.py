"""Alembic's entry: runs the migrations on the connection that Store opened."""

from alembic import context

from opstap.evaluation.hub.tables import HubBase

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=HubBase.metadata,
    render_as_batch=True,  # SQLite changes a column by making the table anew
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
