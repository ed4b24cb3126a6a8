# The documentation as a site. Its source is a copy of the pages in the folders that they have in the repository, so
# that a link leads to the same page in both.
DOCS_ENVIRONMENT := .cache/docs
DOCS_SOURCE := build/docs/source
DOCS_SITE := build/docs/site
DOCS_PAGES := README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md LICENSE NOTICE \
  examples/README.md examples/other_clients/README.md $(wildcard examples/*/*.py examples/other_clients/*/worker.* \
  examples/other_clients/java/src/main/java/example/*.java docs/*.md docs/*.svg docs/*.json docs/*.png charts/hotel/README.md charts/hotel/charts/*/README.md)

$(DOCS_ENVIRONMENT)/.installed: requirements/docs.txt
	test -x $(DOCS_ENVIRONMENT)/bin/python || $(PYTHON) -m venv $(DOCS_ENVIRONMENT)
	$(DOCS_ENVIRONMENT)/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

.PHONY: docs docs-source docs-serve docs-test
docs: docs-source ## The documentation as a site, in build/docs/site; a broken link or anchor is an error.
	NO_MKDOCS_2_WARNING=1 $(DOCS_ENVIRONMENT)/bin/mkdocs build --strict --clean --config-file docs/mkdocs.yml
	@echo "open $(DOCS_SITE)/index.html"

docs-serve: docs-source ## The same on http://localhost:8000.
	NO_MKDOCS_2_WARNING=1 $(DOCS_ENVIRONMENT)/bin/mkdocs serve --config-file docs/mkdocs.yml

docs-source: $(DOCS_ENVIRONMENT)/.installed
	rm -rf $(DOCS_SOURCE)
	mkdir -p $(DOCS_SOURCE)
	cp --parents $(DOCS_PAGES) $(DOCS_SOURCE)

# A clone, so that nothing helps which a newcomer does not have.
docs-test: venv docs ## The commands of README and docs that need no cluster, run as written in a fresh clone.
	@echo "== $@"
	.ci/tools java
	$(PYTEST) tests/docs

.PHONY: costs
costs: venv engine ## Measure time, memory and disk of the commands, and write docs/costs.md.
	$(PY) docs/costs.py

.PHONY: screenshots
screenshots: venv engine ## The pictures of Cockpit and `hotel tasks` in README.md, made from a stack that is started for it.
	.ci/tools browser
	PYTHONPATH=tests $(PY) docs/screenshots.py
