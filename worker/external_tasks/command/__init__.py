"""The command `external-tasks`: make a project, run a worker, check it against models, start an engine."""
