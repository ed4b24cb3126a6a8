"""Changing the replicas of a target, and protecting the pods that are at work."""
