"""External-task workers for Camunda-7-compatible engines."""
