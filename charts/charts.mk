# Checkers of what the charts render, beside those of `make test-chart`. Each exception has its reason.
KUBE_SCORE := .cache/bin/kube-score
CHECKOV := .cache/checkov/bin/checkov
RENDERED := .cache/rendered

# Kept by the image's version or digest, so there is nothing to pull each time.
KUBE_SCORE_IGNORED := container-image-pull-policy
# A limit on CPU would slow requests and drains while the node is idle; requests share it when it is not.
KUBE_SCORE_OPTIONS := --ignore-container-cpu-limit
# Only logs and small temporary files are written, and a quota can be given by `*.resources`.
KUBE_SCORE_IGNORED += container-ephemeral-storage-request-and-limit
# PostgreSQL's image has the user 999.
KUBE_SCORE_IGNORED += container-security-context-user-group-id
# PostgreSQL has one pod, whose clients ask for any ready one by an ordinary Service.
KUBE_SCORE_IGNORED += statefulset-has-servicename
# Whether the server answers is what there is to ask; only the patience differs.
KUBE_SCORE_IGNORED += pod-probes-identical

# CKV_K8S_11, CKV_K8S_15: CPU limits and pull policy, as above. CKV_K8S_40: the user of PostgreSQL's image, as above.
CHECKOV_IGNORED := CKV_K8S_11,CKV_K8S_15,CKV_K8S_40
# CKV_K8S_35: the programs read passwords from variables; a Secret as a file is as readable in the pod.
CHECKOV_IGNORED := $(CHECKOV_IGNORED),CKV_K8S_35
# CKV_K8S_38: the operator asks the API server; no other pod has a token, which tests/chart/test_security.py checks.
CHECKOV_IGNORED := $(CHECKOV_IGNORED),CKV_K8S_38
# CKV_K8S_43: digests are values (`*.image.digest`), since the images of a release exist only after the chart.
CHECKOV_IGNORED := $(CHECKOV_IGNORED),CKV_K8S_43
# CKV_K8S_8, CKV_K8S_9: Jobs and the container that makes PostgreSQL's users need no probes; test_security.py checks the rest.
CHECKOV_IGNORED := $(CHECKOV_IGNORED),CKV_K8S_8,CKV_K8S_9
# CKV_K8S_21: extraObjects of ci/full-values.yaml are the user's own and name no namespace.
CHECKOV_IGNORED := $(CHECKOV_IGNORED),CKV_K8S_21

$(KUBE_SCORE):
	GOBIN=$(CURDIR)/.cache/bin CGO_ENABLED=0 go install github.com/zegl/kube-score/cmd/kube-score@v1.20.0

$(CHECKOV):
	$(PYTHON) -m venv .cache/checkov
	.cache/checkov/bin/pip install --quiet --disable-pip-version-check checkov==3.3.30

.PHONY: lint-chart
lint-chart: $(KUBE_SCORE) $(CHECKOV) ## The charts, checked by kube-score and checkov.
	.ci/tools helm
	mkdir -p $(RENDERED)
	for chart in hotel external-task-scaler; do for values in charts/$$chart/ci/*-values.yaml; do \
	  PATH="$$PWD/.cache/bin:$$PATH" helm template hotel charts/$$chart --namespace front-desk --values $$values \
	    > $(RENDERED)/$$chart-$$(basename $$values); \
	done; done
	for file in $(RENDERED)/*.yaml; do \
	  $(KUBE_SCORE) score --kubernetes-version v1.34 --output-format ci $(KUBE_SCORE_OPTIONS) \
	    $(KUBE_SCORE_IGNORED:%=--ignore-test %) $$file > $(RENDERED)/score.txt \
	    || { grep CRITICAL $(RENDERED)/score.txt; exit 1; }; \
	done
	$(CHECKOV) --directory $(RENDERED) --framework kubernetes --compact --quiet --skip-download --skip-check $(CHECKOV_IGNORED)
