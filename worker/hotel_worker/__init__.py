"""The hotel's worker: what each task of the reservation process does, by the four services."""
