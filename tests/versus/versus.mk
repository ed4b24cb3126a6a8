# This operator beside KEDA: pods, waits and tasks lost, seen on one kind cluster with the same workers and loads.
VERSUS_CLUSTER := hotel-versus
VERSUS_KUBECONFIG := build/versus.kubeconfig
# KEDA's manifest, if it is not to come from its release; a CSV of hotel bookings, for the load of that name.
KEDA ?=
BOOKINGS ?=
RUNS ?= 3

.PHONY: versus
versus: venv ## This operator beside KEDA 2.21 in a kind cluster, for hours (RUNS, BOOKINGS, KEDA).
	$(MAKE) kind-images KIND_NAME=$(VERSUS_CLUSTER)
	mkdir -p build
	kind get kubeconfig --name $(VERSUS_CLUSTER) > $(VERSUS_KUBECONFIG)
	chmod 600 $(VERSUS_KUBECONFIG)
	PYTHONPATH=tests:. $(PY) -m versus --kubeconfig $(VERSUS_KUBECONFIG) --runs $(RUNS) --write \
	  --image $$($(MAKE) --silent print-images | tr ' ' '\n' | grep hotel-worker) \
	  $(addprefix --bookings ,$(BOOKINGS)) $(addprefix --keda ,$(KEDA)) $(VERSUS_OPTIONS)
	kind delete cluster --name $(VERSUS_CLUSTER)
