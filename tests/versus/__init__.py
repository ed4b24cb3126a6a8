"""The operator beside KEDA with its HPA, on one cluster: same workers, same load, in turn; `make versus`."""
