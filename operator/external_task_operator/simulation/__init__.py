"""Replays a trace of arrivals against a model of workers, under this operator's policy and under others."""
