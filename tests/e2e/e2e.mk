# A cluster with hotel in it, to look at: `make kind`, then `make kind-down`.
KIND_NAME ?= hotel
KIND_NODE := $(shell docker images --format '{{.Repository}}:{{.Tag}}' kindest/node 2>/dev/null | head -1)

.PHONY: kind kind-images kind-down
kind: kind-images ## A kind cluster with hotel installed, and how to use it.
	kubectl config use-context kind-$(KIND_NAME)
	helm upgrade --install hotel charts/hotel --namespace hotel --create-namespace --wait --timeout 5m

kind-images: images
	kind get clusters | grep -qx $(KIND_NAME) \
	  || kind create cluster --name $(KIND_NAME) --wait 180s $(addprefix --image ,$(KIND_NODE))
	docker image inspect postgres:17 >/dev/null 2>&1 || docker pull postgres:17
	kind load docker-image --name $(KIND_NAME) $$($(MAKE) --silent print-images) postgres:17

kind-down: ## Delete that cluster.
	kind delete cluster --name $(KIND_NAME)
