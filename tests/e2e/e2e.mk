# A cluster with hotel in it, to look at: `make kind`, then `make kind-down`.
KIND_NAME ?= hotel
KIND_NODE := $(shell docker images --format '{{.Repository}}:{{.Tag}}' kindest/node 2>/dev/null | head -1)

IN_DAYS := $(PY) -c 'import datetime as d, sys; print(d.date.today() + d.timedelta(int(sys.argv[1])))'

.PHONY: kind kind-images kind-down
kind: venv kind-images ## A kind cluster with hotel installed, and how to use it.
	kubectl config use-context kind-$(KIND_NAME)
	helm upgrade --install hotel charts/hotel --namespace hotel --create-namespace --wait --timeout 5m
	@printf '%s\n' '' \
	  'Reserve a room:' \
	  '  $(VENV)/bin/hotel --namespace hotel reserve --first-name Jean --last-name Martin --email jean@example.com \' \
	  "    --room-type B --guests 2 --table --check-in $$($(IN_DAYS) 30) --check-out $$($(IN_DAYS) 33)" \
	  'Watch tasks and workers:' \
	  '  $(VENV)/bin/hotel --namespace hotel tasks --watch' \
	  'Open Cockpit, http://localhost:8080/operaton, as admin with the password that the second command shows:' \
	  '  kubectl port-forward --namespace hotel service/hotel-engine 8080' \
	  '  kubectl get secret --namespace hotel hotel-engine-admin \' \
	  "    -o go-template='{{index .data \"password\" | base64decode}}{{\"\\n\"}}'" \
	  'Delete the cluster:' \
	  '  make kind-down'

kind-images: images
	kind get clusters | grep -qx $(KIND_NAME) \
	  || kind create cluster --name $(KIND_NAME) --wait 180s $(addprefix --image ,$(KIND_NODE))
	docker image inspect postgres:17 >/dev/null 2>&1 || docker pull postgres:17
	kind load docker-image --name $(KIND_NAME) $$($(MAKE) --silent print-images) postgres:17

kind-down: ## Delete that cluster.
	kind delete cluster --name $(KIND_NAME)

# The version that the upgrade begins with: a tag or commit.
FROM ?= $(shell git describe --tags --abbrev=0 2>/dev/null)
.PHONY: chart-life
chart-life: venv ## What a release goes through in years, in a kind cluster with two nodes (FROM).
	HOTEL_LIFE_FROM=$(FROM) $(PYTEST) tests/life/chart_life.py

.PHONY: foreign-workers
foreign-workers: venv engine ## Workers with the clients of JavaScript and Java under the operator, in that cluster.
	$(PYTEST) tests/life/foreign_workers.py
