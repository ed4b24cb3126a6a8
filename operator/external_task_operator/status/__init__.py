"""The status of an ExternalTaskScaler."""
