"""The control loop: watch, poll, decide, act, report."""
