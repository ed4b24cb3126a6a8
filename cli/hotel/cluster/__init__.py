"""A release of hotel in a Kubernetes cluster, reached by kubectl."""
