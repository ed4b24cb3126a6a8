"""A release of hotel in a Kubernetes cluster, connected to by kubectl."""
