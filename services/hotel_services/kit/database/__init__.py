"""The database of a service: connections, transactions and what differs between SQLite and PostgreSQL."""
