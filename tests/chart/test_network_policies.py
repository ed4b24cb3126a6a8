"""Who may talk to whom: only the arrows of the design."""

import pytest
from support.charts import Manifest, Render, named, of_kind, pods_of

DATABASE_USERS = {"engine", "booking", "room", "restaurant", "client"}
ARROWS = {
    *((caller, "engine", 8080) for caller in ("worker", "deploy", "test", "operator")),
    *(
        ("worker", service, port)
        for service, port in zip(("booking", "room", "restaurant", "client"), range(5001, 5005), strict=True)
    ),
    *((caller, "postgresql", 5432) for caller in DATABASE_USERS),
}
COMPONENT = "app.kubernetes.io/component"


@pytest.mark.parametrize("values", ["default-values.yaml", "full-values.yaml", "external-values.yaml"])
def test_every_pod_is_denied_all_but_what_a_policy_of_its_own_allows(render: Render, values: str) -> None:
    manifests = render(values)
    policies = of_kind(manifests, "NetworkPolicy")
    for name, pod in pods_of(manifests).items():
        covering = [
            policy for policy in policies if selects(policy["spec"]["podSelector"], pod["metadata"]["labels"])
        ]
        assert all(policy["spec"]["policyTypes"] == ["Ingress", "Egress"] for policy in covering), name
        assert len(covering) == 2, f"{name} has {[policy['metadata']['name'] for policy in covering]}"


def test_ingress_has_only_the_arrows_of_the_design(render: Render) -> None:
    arrows = set()
    for policy in of_kind(render(), "NetworkPolicy"):
        for rule in policy["spec"].get("ingress", []):
            for peer in rule["from"]:
                labels = peer["podSelector"]["matchLabels"]
                assert "namespaceSelector" not in peer
                assert labels["app.kubernetes.io/instance"] == "hotel"
                target = policy["metadata"]["labels"][COMPONENT]
                arrows |= {(labels[COMPONENT], target, port["port"]) for port in rule["ports"]}
    assert arrows == ARROWS


def test_egress_has_only_the_arrows_of_the_design_and_dns(render: Render) -> None:
    arrows = set()
    for policy in of_kind(render(), "NetworkPolicy"):
        caller = policy["metadata"]["labels"].get(COMPONENT)
        if caller == "operator":  # it also asks the API server, whose address nobody knows beforehand
            continue
        for rule in policy["spec"].get("egress", []):
            ports = {port["port"] for port in rule["ports"]}
            if ports != {53}:
                (peer,) = rule["to"]
                arrows |= {(caller, peer["podSelector"]["matchLabels"][COMPONENT], port) for port in ports}
    assert arrows == {arrow for arrow in ARROWS if arrow[0] != "operator"}


def test_what_is_reached_from_outside_is_open_to_the_named_peers_alone(render: Render) -> None:
    manifests = render("full-values.yaml")
    engine = named(manifests, "NetworkPolicy", "hotel-engine")["spec"]["ingress"]
    namespaces = {
        rule["from"][0]["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]: rule["ports"][0][
            "port"
        ]
        for rule in engine
        if "namespaceSelector" in rule["from"][0]
    }
    assert namespaces == {"ingress-nginx": 8080, "monitoring": 8081}
    postgresql = named(manifests, "NetworkPolicy", "hotel-postgresql")["spec"]["ingress"]
    assert all("podSelector" in peer for rule in postgresql for peer in rule["from"])


def test_applications_of_the_users_reach_what_they_are_let_to(render: Render) -> None:
    manifests = render("full-values.yaml")
    for name, application in (("engine", "website"), ("room", "reports"), ("postgresql", None)):
        rules = named(manifests, "NetworkPolicy", f"hotel-{name}")["spec"]["ingress"]
        labels = [p["podSelector"]["matchLabels"] for r in rules for p in r["from"] if "podSelector" in p]
        assert [found["app"] for found in labels if "app" in found] == ([application] if application else [])


def test_an_operator_elsewhere_reaches_the_engine(render: Render) -> None:
    values = {"operator.enabled": False, "worker.externalOperator.enabled": True}
    engine = named(render(values), "NetworkPolicy", "hotel-engine")["spec"]["ingress"]
    (peer,) = [peer for rule in engine for peer in rule["from"] if "namespaceSelector" in peer]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "front-desk"}
    # As the pods of the release's own operator are labelled, which is of the same chart.
    operator = pods_of(render())["Deployment/hotel-operator"]
    assert selects(peer["podSelector"], operator["metadata"]["labels"])


def test_external_engine_and_database_are_reached_on_their_ports(render: Render) -> None:
    manifests = render("external-values.yaml")
    worker = named(manifests, "NetworkPolicy", "hotel-worker")["spec"]["egress"]
    assert {"ports": [{"port": 443}], "to": [{"ipBlock": {"cidr": "192.0.2.10/32"}}]} in worker
    room = named(manifests, "NetworkPolicy", "hotel-room")["spec"]["egress"]
    assert {"ports": [{"port": 5433}], "to": [{"ipBlock": {"cidr": "192.0.2.20/32"}}]} in room


def selects(selector: Manifest, labels: Manifest) -> bool:
    return all(labels.get(key) == value for key, value in selector["matchLabels"].items())
