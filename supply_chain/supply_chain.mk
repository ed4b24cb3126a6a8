# What hotel is made of: software bills of materials (SBOMs), licences, known faults, digests of base images.
SBOM := build/sbom
PYTHON_ENVIRONMENTS := worker service operator cli docs
ENGINES := operaton camunda7
PYTHON_SBOMS := $(PYTHON_ENVIRONMENTS:%=$(SBOM)/python-%.cdx.json)
ENGINE_SBOMS := $(ENGINES:%=$(SBOM)/engine-%.cdx.json)
IMAGE_SBOMS := $(IMAGES:%=sbom-image-%)
CYCLONEDX_MAVEN := org.cyclonedx:cyclonedx-maven-plugin:2.9.3:makeBom
CYCLONEDX_PY := $(VENV)/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --no-validate
OSV_URL ?= https://api.osv.dev

.PHONY: sbom sbom-python sbom-engine sbom-images licences audit base-images
sbom: licences sbom-images ## Write SBOMs (CycloneDX) of environments, engine and images to build/sbom.
sbom-python: $(PYTHON_SBOMS) $(SBOM)/python-dev.cdx.json ## Only those of the Python environments.
sbom-engine: $(ENGINE_SBOMS) ## Only those of the engine, with Operaton and with Camunda 7.
sbom-images: $(IMAGE_SBOMS) ## Only those of the images that `make images` has built.

$(SBOM)/python-dev.cdx.json: $(VENV)/.installed
	@mkdir -p $(SBOM)
	$(CYCLONEDX_PY) --output-file $@ $(VENV)

# Each environment as its image installs it, for the Python of this machine.
$(PYTHON_SBOMS): $(SBOM)/python-%.cdx.json: requirements/%.txt $(VENV)/.installed
	@mkdir -p $(SBOM) .cache/sbom
	$(VENV)/bin/uv venv --quiet --clear --python $(PY) .cache/sbom/$*
	$(VENV)/bin/uv pip sync --quiet --python .cache/sbom/$* --require-hashes $<
	$(CYCLONEDX_PY) --output-file $@ .cache/sbom/$*

$(SBOM)/engine-operaton.cdx.json: $(ENGINE_JAR) supply_chain/engine.py supply_chain/bundled.py $(VENV)/.installed
	$(MVN) $(CYCLONEDX_MAVEN) -DoutputFormat=json -DoutputDirectory=$(CURDIR)/.cache/sbom -DoutputName=engine-operaton
	$(PY) -m supply_chain.engine $< .cache/sbom/engine-operaton.json $@

$(SBOM)/engine-camunda7.cdx.json: $(CAMUNDA7_JAR) supply_chain/engine.py supply_chain/bundled.py $(VENV)/.installed
	$(MVN) -Pcamunda7 $(CYCLONEDX_MAVEN) -DoutputFormat=json -DoutputDirectory=$(CURDIR)/.cache/sbom -DoutputName=engine-camunda7
	$(PY) -m supply_chain.engine $< .cache/sbom/engine-camunda7.json $@

.PHONY: $(IMAGE_SBOMS)
$(IMAGE_SBOMS): sbom-image-%: $(PYTHON_SBOMS) $(ENGINE_SBOMS)
	@docker image inspect $(addsuffix /,$(REGISTRY))$*:$(VERSION) >/dev/null \
	  || { echo "$*:$(VERSION) has no SBOM: run make image-$* first" >&2; exit 1; }
	.ci/tools syft
	SYFT_CHECK_FOR_APP_UPDATE=false PATH="$$PWD/.cache/bin:$$PATH" syft scan --quiet \
	  --output cyclonedx-json@1.6=.cache/sbom/image-$*.json docker:$(addsuffix /,$(REGISTRY))$*:$(VERSION)
	$(PY) -m supply_chain.images .cache/sbom/image-$*.json $(SBOM)/image-$*.cdx.json $^

licences: sbom-python sbom-engine ## List the licences of all dependencies; fail where one is not allowed.
	$(PY) -m supply_chain.licences $(SBOM)/licences.md $(PYTHON_SBOMS) $(SBOM)/python-dev.cdx.json $(ENGINE_SBOMS)

audit: venv sbom-engine ## Ask the advisory service OSV for known faults of all dependencies.
	$(PY) -m supply_chain.audit --osv-url $(OSV_URL) --requirements requirements/*.txt --sboms $(ENGINE_SBOMS)

base-images: venv ## Renew the digests of the base images in images/bases.env.
	$(PY) -m supply_chain.bases images/bases.env
