# The images, named as the chart names them: REGISTRY/hotel-engine:VERSION and so on.
VERSION ?= $(shell sed -nE 's/^appVersion: (.*)/\1/p' charts/hotel/Chart.yaml)
REVISION ?= $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
REGISTRY ?=
IMAGES := hotel-engine hotel-service hotel-worker hotel-cli external-task-scaler
IMAGE_FOLDER_hotel-engine := engine
IMAGE_FOLDER_hotel-service := service
IMAGE_FOLDER_hotel-worker := worker
IMAGE_FOLDER_hotel-cli := cli
IMAGE_FOLDER_external-task-scaler := operator

.PHONY: images push-images $(IMAGES:%=image-%)
images: $(IMAGES:%=image-%) ## Build the images (VERSION, REGISTRY).

$(IMAGES:%=image-%): image-%:
	docker build --quiet --build-arg VERSION=$(VERSION) --build-arg REVISION=$(REVISION) \
	  --file images/$(IMAGE_FOLDER_$*)/Dockerfile --tag $(addsuffix /,$(REGISTRY))$*:$(VERSION) .

push-images: images ## Push them to REGISTRY.
	@test -n "$(REGISTRY)" || { echo "name a registry: make push-images REGISTRY=registry.example.com/team" >&2; exit 1; }
	for image in $(IMAGES); do docker push $(REGISTRY)/$$image:$(VERSION); done

.PHONY: print-images
print-images:
	@echo $(IMAGES:%=$(addsuffix /,$(REGISTRY))%:$(VERSION))
