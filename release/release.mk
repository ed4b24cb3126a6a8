# What a version consists of, in build/release/VERSION: wheels, source distributions, charts, SBOMs, notes, provenance,
# checksums and, where a key is given, signatures. docs/releasing.md tells the way.
RELEASE := build/release/$(VERSION)
# https://… of the sources: goes into charts and provenance.
SOURCE ?=
# The address of a package index that takes uploads; uv reads UV_PUBLISH_TOKEN, or UV_PUBLISH_USERNAME and UV_PUBLISH_PASSWORD.
PACKAGE_INDEX ?=
# A private key of cosign: a file, or an address of a key service; cosign reads COSIGN_PASSWORD.
COSIGN_KEY ?=
PLATFORMS ?= linux/amd64,linux/arm64
# For a registry without TLS, such as one on this machine: --plain-http.
HELM_PUSH_OPTIONS ?=
COSIGN_OPTIONS ?=
WITH_TOOLS := PATH="$$PWD/.cache/bin:$$PWD/$(VENV)/bin:$$PATH"
SIGN_BLOB = $(WITH_TOOLS) cosign sign-blob --yes --key "$(COSIGN_KEY)" --tlog-upload=false --use-signing-config=false
SIGN = $(WITH_TOOLS) cosign sign --yes --key "$(COSIGN_KEY)" --tlog-upload=false --use-signing-config=false $(COSIGN_OPTIONS)

.PHONY: version release release-check release-files release-charts release-index release-images
version: venv ## Write VERSION to every file that states it.
	@$(PY) -m release.versions --write "$(VERSION)"

release: release-files $(if $(REGISTRY),release-charts) $(if $(PACKAGE_INDEX),release-index) ## Build VERSION; push charts to REGISTRY, upload to PACKAGE_INDEX, sign with COSIGN_KEY where given.
	@echo "hotel $(VERSION) is in $(RELEASE)$(if $(REGISTRY),; its images: make release-images VERSION=$(VERSION) REGISTRY=$(REGISTRY))"

release-check: venv
ifeq ($(filter command environment,$(origin VERSION)),)
	@echo "name the version: make release VERSION=1.2.0" >&2; exit 1
endif
	@$(PY) -m release.versions "$(VERSION)"
	@$(PY) -m release.notes "$(VERSION)" > /dev/null
	@$(PY) -m release.tree
ifneq ($(COSIGN_KEY),)
	.ci/tools cosign
endif

release-files: release-check $(PYTHON_SBOMS) $(ENGINE_SBOMS)
	.ci/tools helm
	rm -rf $(RELEASE)
	mkdir -p $(RELEASE)
	$(WITH_TOOLS) $(PY) -m release.distributions $(RELEASE)
	$(WITH_TOOLS) $(PY) -m release.charts $(RELEASE) --source "$(SOURCE)" --registry "$(REGISTRY)"
	cp $(PYTHON_SBOMS) $(ENGINE_SBOMS) $(RELEASE)
	$(PY) -m release.notes $(VERSION) > $(RELEASE)/NOTES.md
	$(PY) -m release.provenance $(RELEASE) --source "$(SOURCE)" > .cache/provenance.json
	mv .cache/provenance.json $(RELEASE)/provenance.json
	cd $(RELEASE) && sha256sum -- * > ../SHA256SUMS && mv ../SHA256SUMS .
ifneq ($(COSIGN_KEY),)
	for file in $(RELEASE)/SHA256SUMS $(RELEASE)/provenance.json; do \
	  $(SIGN_BLOB) --bundle $$file.sigstore.json $$file; \
	done
endif

release-charts: release-files
	@test -n "$(REGISTRY)" || { echo "name a registry: make $@ REGISTRY=registry.example.com/team" >&2; exit 1; }
	for chart in hotel external-task-scaler; do \
	  pushed=$$($(WITH_TOOLS) helm push $(HELM_PUSH_OPTIONS) $(RELEASE)/$$chart-$(VERSION).tgz oci://$(REGISTRY)/charts 2>&1) \
	    || { echo "$$pushed" >&2; exit 1; }; \
	  echo "$$pushed"; \
	  $(if $(COSIGN_KEY),$(SIGN) $(REGISTRY)/charts/$$chart@$$(sed -n 's/^Digest: //p' <<< "$$pushed");) \
	done

release-index: release-files
	@test -n "$(PACKAGE_INDEX)" || { echo "name a package index: make $@ PACKAGE_INDEX=https://…" >&2; exit 1; }
	$(VENV)/bin/uv publish --publish-url "$(PACKAGE_INDEX)" $(RELEASE)/*.whl $(RELEASE)/*.tar.gz

# Apart from the rest: this needs Docker with a builder for each platform. The builder writes the images' SBOMs and provenance.
release-images: release-check ## Build the images of VERSION for PLATFORMS, push them to REGISTRY, sign them with COSIGN_KEY where given.
	@test -n "$(REGISTRY)" || { echo "name a registry: make $@ REGISTRY=registry.example.com/team" >&2; exit 1; }
	@! grep -E '^[A-Z_]+=[^@]+$$' images/bases.env >&2 \
	  || echo "warning: these base images have no digest, so a registry can change them; make base-images writes digests" >&2
	mkdir -p $(RELEASE)
	$(foreach image,$(IMAGES),$(call release_image,$(image)) &&) true

define release_image
docker buildx build --platform $(PLATFORMS) --push --sbom=true --provenance=mode=max \
	  --build-arg VERSION=$(VERSION) --build-arg REVISION=$(REVISION) \
	  $(foreach base,$(or $(BASES_$(1)),$(PYTHON_BASES)),--build-arg $(base)=$($(base))) \
	  $(BUILD_$(1)) $(if $(SOURCE),--label org.opencontainers.image.source=$(SOURCE)) \
	  --metadata-file $(RELEASE)/$(1).json --tag $(REGISTRY)/$(1):$(VERSION) . \
	$(if $(COSIGN_KEY),&& $(SIGN) --recursive $(REGISTRY)/$(1)@$$(sed -nE 's/.*"containerimage.digest": *"([^"]+)".*/\1/p' $(RELEASE)/$(1).json))
endef

.PHONY: test-release
test-release: venv engine engine-camunda7 ## A release to a registry and a package index on this machine.
	@echo "== $@"
	.ci/tools helm
	.ci/tools cosign
	.ci/tools registry
	.ci/tools actionlint
	$(PYTEST) tests/release
