"""The schema of a service's database and its versions."""
