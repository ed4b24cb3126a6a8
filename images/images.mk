# The images, named as the chart names them: REGISTRY/hotel-engine:VERSION and so on.
include images/bases.env
VERSION ?= $(shell sed -nE 's/^appVersion: (.*)/\1/p' charts/hotel/Chart.yaml)
REVISION ?= $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
REGISTRY ?=
# The address of the sources, for the label that says where an image comes from.
SOURCE ?=
IMAGES := hotel-engine hotel-service hotel-worker hotel-cli external-task-scaler

# How each one is built: its Dockerfile with a target, and the base images that it takes.
BUILD_hotel-engine := --file images/engine/Dockerfile
BUILD_hotel-service := --file images/python/Dockerfile --target service
BUILD_hotel-worker := --file images/python/Dockerfile --target worker
BUILD_hotel-cli := --file images/python/Dockerfile --target cli
BUILD_external-task-scaler := --file images/python/Dockerfile --target operator
PYTHON_BASES := PYTHON_BASE UV_BASE
BASES_hotel-engine := MAVEN_BASE JRE_BASE

.PHONY: images push-images $(IMAGES:%=image-%)
images: $(IMAGES:%=image-%) ## Build the images (VERSION, REGISTRY).

$(IMAGES:%=image-%): image-%:
	docker build --quiet --build-arg VERSION=$(VERSION) --build-arg REVISION=$(REVISION) \
	  $(foreach base,$(or $(BASES_$*),$(PYTHON_BASES)),--build-arg $(base)=$($(base))) \
	  $(BUILD_$*) $(if $(SOURCE),--label org.opencontainers.image.source=$(SOURCE)) --tag $(addsuffix /,$(REGISTRY))$*:$(VERSION) .

push-images: images ## Push them to REGISTRY.
	@test -n "$(REGISTRY)" || { echo "name a registry: make push-images REGISTRY=registry.example.com/team" >&2; exit 1; }
	@! grep -E '^[A-Z_]+=[^@]+$$' images/bases.env >&2 \
	  || echo "warning: these base images have no digest, so a registry can change them; make base-images writes digests" >&2
	for image in $(IMAGES); do docker push $(REGISTRY)/$$image:$(VERSION); done

.PHONY: print-images
print-images:
	@echo $(IMAGES:%=$(addsuffix /,$(REGISTRY))%:$(VERSION))
