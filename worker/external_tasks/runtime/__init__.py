"""A worker at work: fetching, slots, threads, locks and reports."""
