"""The scaling policy: pure functions from what was observed to a decision."""
