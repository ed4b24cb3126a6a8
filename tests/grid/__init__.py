"""Autoscalers on traces of other kinds than a hotel's, by simulation; run by `make grid`."""
