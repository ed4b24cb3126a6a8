"""What every component takes: one block of settings, that of all of them under its own."""

from typing import Any

import pytest
from support.charts import HOTEL, SCALER, Manifest, Render, containers_of, named, of_kind, pods_of

# Where a component's settings are, and the pod that they reach.
LASTING = {
    "engine": "Deployment/hotel-engine",
    "services.defaults": "Deployment/hotel-client",
    "services.room": "Deployment/hotel-room",
    "worker.defaults": "Deployment/hotel-worker-default",
    "worker.pools.default": "Deployment/hotel-worker-default",
    "postgresql": "StatefulSet/hotel-postgresql",
    "operator": "Deployment/hotel-operator",
}
BRIEF = {"deploy": "Job/hotel-deploy", "test": "Pod/hotel-test"}
# Set in renders of their own, so that a value is not there by what it is merged over.
MERGED = {"services.room", "worker.pools.default"}
EVERY = pytest.mark.parametrize(("component", "name"), (LASTING | BRIEF).items(), ids=str)
EVERY_LASTING = pytest.mark.parametrize(("component", "name"), LASTING.items(), ids=str)

POD: Manifest = {
    "hostAliases": [{"ip": "192.0.2.1", "hostnames": ["engine.example.com"]}],
    "dnsPolicy": "None",
    "dnsConfig": {"nameservers": ["192.0.2.53"]},
    "schedulerName": "slow",
    "runtimeClassName": "gvisor",
    "priorityClassName": "important",
    "tolerations": [{"key": "hotel", "operator": "Exists"}],
    "nodeSelector": {"disk": "ssd"},
    "affinity": {"podAntiAffinity": {}},
}


def of_each(component: str, values: Manifest, *, lasting: bool = False) -> Manifest:
    """Return values of a component, set at all others too so that few renders serve all of them."""
    others = LASTING if lasting else LASTING | BRIEF
    alike = {name for name in others if (name in MERGED) == (component in MERGED)}
    return {f"{name}.{key}": value for name in sorted(alike) for key, value in values.items()}


HELPER = {"name": "helper", "image": "helper:1", "securityContext": {"runAsNonRoot": True}}


@EVERY
def test_every_component_takes_every_setting_of_a_pod(render: Render, component: str, name: str) -> None:
    values = of_each(component, {f"pod.{key}": value for key, value in POD.items()})
    pod = pods_of(render(values))[name]["spec"]
    assert {key: pod.get(key) for key in POD} == POD


@EVERY
def test_settings_of_all_pods_reach_every_pod(render: Render, component: str, name: str) -> None:
    manifests = render({f"pod.{key}": value for key, value in POD.items()} | {"pod.labels": {"a": "1"}})
    pod = pods_of(manifests)[name]
    assert {key: pod["spec"].get(key) for key in POD} == POD
    assert pod["metadata"]["labels"]["a"] == "1"


@EVERY
def test_null_unsets_what_holds_for_all_pods(render: Render, component: str, name: str) -> None:
    if component == "operator":  # there null means: as all others
        own: dict[str, Any] = {f"{component}.pod.tolerations": []}
    else:
        own = {f"{component}.pod.tolerations": None, f"{component}.pod.nodeSelector": {"disk": None}}
    everywhere = {"pod.tolerations": POD["tolerations"], "pod.nodeSelector": POD["nodeSelector"]}
    pod = pods_of(render(everywhere | own))[name]["spec"]
    assert "tolerations" not in pod
    assert component == "operator" or "nodeSelector" not in pod


@EVERY
def test_every_component_takes_further_containers_volumes_and_variables(
    render: Render, component: str, name: str
) -> None:
    volume = {"name": "more", "emptyDir": {}}
    mount = {"name": "more", "mountPath": "/more"}
    settings = {
        "sidecars": [HELPER],
        "initContainers": [HELPER],
        "extraEnv": [{"name": "LOG_LEVEL", "value": "DEBUG"}, {"name": "MORE", "value": "1"}],
        "extraEnvFrom": [{"secretRef": {"name": "more"}}],
        "extraVolumes": [volume],
        "extraVolumeMounts": [mount],
    }
    values = of_each(component, settings)
    pod = pods_of(render(values))[name]["spec"]
    main, *others = pod["containers"]
    assert HELPER in others
    assert HELPER in pod["initContainers"]
    assert volume in pod["volumes"]
    assert mount in main["volumeMounts"]
    assert main["envFrom"] == [{"secretRef": {"name": "more"}}]
    names = [variable["name"] for variable in main["env"]]
    assert len(set(names)) == len(names), "a variable of the user's replaces the chart's"
    assert {"name": "LOG_LEVEL", "value": "DEBUG"} in main["env"]
    assert {"name": "MORE", "value": "1"} in main["env"]


@EVERY
def test_every_container_has_resources_and_rights_that_values_set(
    render: Render, component: str, name: str
) -> None:
    resources = {"requests": {"cpu": "1"}, "limits": {"cpu": "2", "memory": "1Gi"}}
    values = of_each(component, {"resources": resources, "securityContext": {"privileged": False}})
    values |= {"waitForDatabase.resources": resources, "postgresql.usersContainer.resources": resources}
    for container in containers_of(pods_of(render(values))[name]):
        assert container["resources"]["limits"] == resources["limits"], container["name"]
        assert container["securityContext"]["privileged"] is False
        assert container["securityContext"]["readOnlyRootFilesystem"] is True


@EVERY
def test_resources_are_unset_by_null(render: Render, component: str, name: str) -> None:
    manifests = render(of_each(component, {"resources.limits": None}))
    main = pods_of(manifests)[name]["spec"]["containers"][0]
    assert "limits" not in main["resources"]
    manifests = render(of_each(component, {"resources": None}))
    assert "resources" not in pods_of(manifests)[name]["spec"]["containers"][0]


@EVERY_LASTING
def test_probes_are_changed_replaced_and_removed(render: Render, component: str, name: str) -> None:
    command = {"command": ["true"]}
    probes = {"startup": {"failureThreshold": 7}, "liveness": None, "readiness": {"tcpSocket": {"port": 1}}}
    pod = pods_of(render(of_each(component, {"probes": probes}, lasting=True)))[name]
    main = pod["spec"]["containers"][0]
    assert main["startupProbe"]["failureThreshold"] == 7
    assert main["startupProbe"]["periodSeconds"] == 1
    assert "livenessProbe" not in main
    assert main["readinessProbe"]["tcpSocket"] == {"port": 1}
    assert not {"httpGet", "exec"} & main["readinessProbe"].keys()
    asking = of_each(component, {"probes": {"startup": {"exec": command}}}, lasting=True)
    other = pods_of(render(asking))[name]
    assert other["spec"]["containers"][0]["startupProbe"]["exec"] == command
    assert "httpGet" not in other["spec"]["containers"][0]["startupProbe"]


@EVERY
def test_the_grace_period_is_a_value(render: Render, component: str, name: str) -> None:
    for seconds in (0, 77):
        pod = pods_of(render(of_each(component, {"terminationGracePeriodSeconds": seconds})))[name]
        assert pod["spec"]["terminationGracePeriodSeconds"] == seconds


@EVERY_LASTING
def test_the_history_limit_is_a_value(render: Render, component: str, name: str) -> None:
    kind, _, plain = name.partition("/")
    manifests = render(of_each(component, {"revisionHistoryLimit": 3}, lasting=True))
    assert named(manifests, kind, plain)["spec"]["revisionHistoryLimit"] == 3


@EVERY
def test_a_service_account_may_be_one_that_is_there(render: Render, component: str, name: str) -> None:
    manifests = render(of_each(component, {"serviceAccount": {"create": False, "name": "vault"}}))
    assert pods_of(manifests)[name]["spec"]["serviceAccountName"] == "vault"
    assert "vault" not in {account["metadata"]["name"] for account in of_kind(manifests, "ServiceAccount")}


@pytest.mark.parametrize(
    ("component", "name"),
    # The pools share an account; another one of a pool is its user's to make.
    [item for item in (LASTING | BRIEF).items() if item[0] != "worker.pools.default"],
    ids=str,
)
def test_a_service_account_is_named_and_annotated_by_values(
    render: Render, component: str, name: str
) -> None:
    account = {"name": "identity", "annotations": {"example.com/role": "hotel"}}
    manifests = render({f"{component}.serviceAccount": account})
    assert pods_of(manifests)[name]["spec"]["serviceAccountName"] == "identity"
    made = named(manifests, "ServiceAccount", "identity")
    assert made["metadata"]["annotations"]["example.com/role"] == "hotel"
    if component == "operator":
        for binding in of_kind(manifests, "RoleBinding"):
            assert {subject["name"] for subject in binding["subjects"]} == {"identity"}


@pytest.mark.parametrize(
    ("component", "service"),
    [("engine", "hotel-engine"), ("services.room", "hotel-room"), ("postgresql", "hotel-postgresql")],
)
def test_a_service_is_changed_by_values(render: Render, component: str, service: str) -> None:
    change = {
        "type": "NodePort",
        "labels": {"a": "1"},
        "annotations": {"b": "2"},
        "spec": {"externalTrafficPolicy": "Local", "ipFamilyPolicy": "PreferDualStack"},
    }
    found = named(render({f"{component}.service": change}), "Service", service)
    assert found["spec"]["type"] == "NodePort"
    assert found["spec"]["externalTrafficPolicy"] == "Local"
    assert found["spec"]["ports"]
    assert found["metadata"]["labels"]["a"] == "1"
    assert found["metadata"]["annotations"] == {"b": "2"}


@EVERY
def test_network_rules_are_added_by_values(render: Render, component: str, name: str) -> None:
    rule = {"to": [{"ipBlock": {"cidr": "192.0.2.8/32"}}], "ports": [{"port": 4317}]}
    manifests = render(of_each(component, {"extraEgress": [rule]}))
    labels = pods_of(manifests)[name]["metadata"]["labels"]
    reached = [
        policy
        for policy in of_kind(manifests, "NetworkPolicy")
        if policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
        and rule in policy["spec"].get("egress", [])
    ]
    assert len(reached) == 1


@pytest.mark.parametrize(
    ("component", "name"),
    [
        ("engine", "hotel-engine"),
        ("services.room", "hotel-room"),
        ("component", "hotel-engine"),
        ("operator", "hotel-operator"),
        ("component", "hotel-operator"),
    ],
)
def test_the_disruption_budget_is_a_value(render: Render, component: str, name: str) -> None:
    values = {"engine.replicas": 3, "services.room.replicas": 3, "operator.replicas": 2}
    budget = named(
        render({**values, f"{component}.podDisruptionBudget": {"minAvailable": "50%"}}),
        "PodDisruptionBudget",
        name,
    )
    assert budget["spec"]["minAvailable"] == "50%"
    assert "maxUnavailable" not in budget["spec"]
    without = render({**values, f"{component}.podDisruptionBudget": {"enabled": False}})
    assert name not in {m["metadata"]["name"] for m in of_kind(without, "PodDisruptionBudget")}


def test_settings_of_all_components_reach_each_and_its_own_win(render: Render) -> None:
    values = {
        "component.sidecars": [HELPER],
        "component.securityContext": {"capabilities": {"add": ["NET_BIND_SERVICE"]}},
        "component.revisionHistoryLimit": 2,
        "engine.sidecars": None,
        "engine.revisionHistoryLimit": 5,
    }
    manifests = render(values)
    for component, name in (LASTING | BRIEF).items():
        pod = pods_of(manifests)[name]["spec"]
        lasting = component in LASTING and component != "engine"
        assert (HELPER in pod["containers"]) == lasting, component
        assert pod["containers"][0]["securityContext"]["capabilities"]["add"] == ["NET_BIND_SERVICE"]
    limits = {
        m["metadata"]["name"]: m["spec"]["revisionHistoryLimit"] for m in of_kind(manifests, "Deployment")
    }
    assert limits.pop("hotel-engine") == 5
    assert set(limits.values()) == {2}


def test_common_labels_and_annotations_are_on_every_object(render: Render) -> None:
    common = {"commonLabels": {"team": "desk"}, "commonAnnotations": {"example.com/owner": "desk"}}
    for manifest in render("full-values.yaml", common):
        if manifest["metadata"]["name"].endswith("-more"):  # an extra object is the user's own
            continue
        assert manifest["metadata"]["labels"]["team"] == "desk", manifest["metadata"]["name"]
        assert manifest["metadata"]["annotations"]["example.com/owner"] == "desk", manifest["metadata"][
            "name"
        ]
        for pod in pods_of([manifest]).values():
            assert pod["metadata"]["labels"]["team"] == "desk"


def test_no_object_has_a_label_twice(helm: Any) -> None:
    values = ["commonLabels.release=a", "monitoring.serviceMonitor.enabled=true"]
    values += ["monitoring.serviceMonitor.labels.release=prometheus", "pod.labels.release=b"]
    values += ["operator.serviceMonitor.enabled=true", "operator.serviceMonitor.labels.release=prometheus"]
    text = helm("template", "hotel", HOTEL, *(part for value in values for part in ("--set", value)))
    for document in text.split("\n---"):
        block = document.partition("\n  labels:\n")[2].split("\n  name:")[0]
        assert block.count("    release:") <= 1, document
        if "kind: ServiceMonitor" in document:
            assert "    release: prometheus" in block


@pytest.mark.parametrize("label", ["app.kubernetes.io/instance", "app.kubernetes.io/name", "helm.sh/chart"])
def test_labels_of_the_chart_are_not_replaced(render: Render, label: str) -> None:
    with pytest.raises(Exception, match=f"commonLabels has the label {label}"):
        render({"commonLabels": {label: "mine"}})
    selector = named(
        render({"commonLabels": {label: "mine"}}, chart=SCALER), "Deployment", "hotel-external-task-scaler"
    )
    assert selector["metadata"]["labels"].items() >= selector["spec"]["selector"]["matchLabels"].items()


def test_an_empty_annotation_of_a_component_wins(render: Render) -> None:
    values = {
        "commonAnnotations": {"example.com/scrape": "yes"},
        "pod.annotations": {"example.com/scrape": "yes"},
        "engine.pod.annotations": {"example.com/scrape": ""},
        "engine.service": {"annotations": {"example.com/scrape": ""}},
    }
    manifests = render(values)
    assert pods_of(manifests)["Deployment/hotel-engine"]["metadata"]["annotations"] == {
        "example.com/scrape": ""
    }
    assert named(manifests, "Service", "hotel-engine")["metadata"]["annotations"] == {
        "example.com/scrape": ""
    }


@EVERY
def test_a_spread_without_a_selector_counts_the_components_own_pods(
    render: Render, component: str, name: str
) -> None:
    zones = {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule"}
    own = {**zones, "labelSelector": {"matchLabels": {"a": "b"}}}
    pod = pods_of(render({"pod.topologySpreadConstraints": [zones, own]}))[name]
    added, kept = pod["spec"]["topologySpreadConstraints"]
    assert kept == own
    assert added.items() >= zones.items()
    selected = added["labelSelector"]["matchLabels"]
    assert selected.items() <= pod["metadata"]["labels"].items()
    assert "app.kubernetes.io/component" in selected


def test_openshift_may_choose_the_user_of_every_pod(render: Render) -> None:
    free = {"runAsUser": None, "runAsGroup": None, "fsGroup": None}
    for name, pod in pods_of(render({"pod.securityContext": free})).items():
        assert not free.keys() & pod["spec"]["securityContext"].keys(), name
