"""Where Alembic finds how to run; the versions are in each service's `migrations`."""
