"""A task's result, kept in the user's own database together with its effect."""

from external_tasks.results.once import RESULTS_TABLE, activity_key, create_results_table, once

__all__ = ["RESULTS_TABLE", "activity_key", "create_results_table", "once"]
