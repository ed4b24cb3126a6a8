"""How Alembic runs the versions of any of the services: on a connection and transaction that is given."""

from alembic import context

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=attributes["metadata"],
    version_table=attributes["version_table"],
    # One transaction for all steps on both databases: a failed migration leaves the old schema.
    transactional_ddl=True,
    render_as_batch=attributes["connection"].dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
