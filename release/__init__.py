"""What `make release` checks, builds and writes."""
