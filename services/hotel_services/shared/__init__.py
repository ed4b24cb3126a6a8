"""The hotel's own rules that several services share."""
