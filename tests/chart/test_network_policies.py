"""Who may talk to whom: only the arrows of the design."""

import ipaddress
from pathlib import Path

import pytest
from support.charts import HOTEL, SCALER, Manifest, Render, named, of_kind, pods_of

DATABASE_USERS = {"engine", "booking", "room", "restaurant", "client"}
ARROWS = {
    *((caller, "engine", 8080) for caller in ("worker", "deploy", "test", "operator")),
    *(
        ("worker", service, port)
        for service, port in zip(("booking", "room", "restaurant", "client"), range(5001, 5005), strict=True)
    ),
    *((caller, "postgresql", 5432) for caller in DATABASE_USERS),
    ("engine", "operator", 8091),
}
COMPONENT = "app.kubernetes.io/component"
DNS = {53, 5353}
API_SERVER = {443, 6443}


@pytest.mark.parametrize("values", ["default-values.yaml", "full-values.yaml", "external-values.yaml"])
def test_every_pod_is_denied_all_but_what_a_policy_of_its_own_allows(render: Render, values: str) -> None:
    manifests = render(values)
    policies = of_kind(manifests, "NetworkPolicy")
    for name, pod in pods_of(manifests).items():
        covering = [
            policy for policy in policies if selects(policy["spec"]["podSelector"], pod["metadata"]["labels"])
        ]
        assert covering, name
        assert all(policy["spec"]["policyTypes"] == ["Ingress", "Egress"] for policy in covering), name


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
        for rule in policy["spec"].get("egress", []):
            ports = {port["port"] for port in rule["ports"]}
            if not ports & DNS and ports != API_SERVER:
                (peer,) = rule["to"]
                arrows |= {(caller, peer["podSelector"]["matchLabels"][COMPONENT], port) for port in ports}
    assert arrows == ARROWS


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


def test_applications_of_the_users_reach_what_the_values_allow(render: Render) -> None:
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


@pytest.mark.parametrize(
    ("chart", "values"),
    [
        (HOTEL, {}),
        (HOTEL, {"operator.rbac.allNamespaces": True}),
        (SCALER, {}),
        (SCALER, {"rbac.allNamespaces": True}),
    ],
    ids=str,
)
def test_the_operator_reaches_no_address_on_the_internet(
    render: Render, chart: Path, values: Manifest
) -> None:
    for rule in operator_rules(render(values, chart=chart)):
        assert rule["to"], rule
        for peer in rule["to"]:
            address = peer.get("ipBlock", {}).get("cidr", "10.0.0.0/8")
            assert ipaddress.ip_network(address).is_private or address == "100.64.0.0/10"


@pytest.mark.parametrize("values", [{}, {"operator.rbac.allNamespaces": True}], ids=str)
def test_the_operator_reaches_only_pods_as_engines(render: Render, values: Manifest) -> None:
    (rule,) = [rule for rule in operator_rules(render(values)) if rule["ports"] == [{"port": 8080}]]
    (peer,) = rule["to"]
    # Of any release: another one may leave its pools to this operator.
    engine = {"app.kubernetes.io/name": "hotel", COMPONENT: "engine"}
    assert peer == ({"namespaceSelector": {}} if values else {"podSelector": {"matchLabels": engine}})


@pytest.mark.parametrize(
    ("url", "to", "port"),
    [
        ("https://192.0.2.7", [{"ipBlock": {"cidr": "192.0.2.7/32"}}], 443),
        ("http://192.0.2.7:8080/engine-rest", [{"ipBlock": {"cidr": "192.0.2.7/32"}}], 8080),
        ("https://[2001:db8::7]", [{"ipBlock": {"cidr": "2001:db8::7/128"}}], 443),
        ("http://[2001:db8::7]:9443/engine-rest", [{"ipBlock": {"cidr": "2001:db8::7/128"}}], 9443),
        ("http://engine.example.com/", None, 80),
    ],
)
def test_an_external_engine_is_reached_at_the_address_and_port_of_its_url(
    render: Render, url: str, to: list[Manifest] | None, port: int
) -> None:
    logins = {
        f"engine.auth.{role}.existingSecret": "l" for role in ("deployer", "worker", "scaler", "client")
    }
    manifests = render({"engine.external": {"enabled": True, "url": url}, **logins})
    for name in ("hotel-worker", "hotel-deploy", "hotel-operator"):
        rules = named(manifests, "NetworkPolicy", name)["spec"]["egress"]
        assert {"ports": [{"port": port}], **({"to": to} if to else {})} in rules, name
    assert not [r for r in operator_rules(manifests) if {"port": 8080} in r["ports"] and port != 8080]


def test_the_operators_way_out_can_be_narrowed_and_opened(render: Render) -> None:
    api_server = [{"ipBlock": {"cidr": "192.0.2.1/32"}}]
    narrowed = operator_rules(render({"operator.networkPolicy.apiServerTo": api_server}))
    (rule,) = [rule for rule in narrowed if {port["port"] for port in rule["ports"]} == API_SERVER]
    assert rule["to"] == api_server
    opened = render({"operator.networkPolicy": {"apiServerTo": None, "enginesTo": None}})
    assert [len(rule.get("to", [])) for rule in operator_rules(opened)] == [0, 0]


def operator_rules(manifests: list[Manifest]) -> list[Manifest]:
    """Return the rules of the operator's way out, but for DNS."""
    (policy,) = [
        policy
        for policy in of_kind(manifests, "NetworkPolicy")
        if policy["metadata"]["labels"].get(COMPONENT) == "operator"
    ]
    return [rule for rule in policy["spec"]["egress"] if not DNS & {port["port"] for port in rule["ports"]}]


@pytest.mark.parametrize("chart", [HOTEL, SCALER], ids=["hotel", "scaler"])
def test_dns_is_reached_where_a_distribution_has_it(render: Render, chart: Path) -> None:
    own = {"dns": [{"podSelector": {"matchLabels": {"app": "dns"}}}], "dnsPorts": [1053]}
    for policy in of_kind(render(chart=chart), "NetworkPolicy"):
        for rule in policy["spec"].get("egress") or []:
            ports = {(port["port"], port.get("protocol")) for port in rule["ports"]}
            if ports & {(53, "UDP")}:
                assert ports == {(p, protocol) for p in DNS for protocol in ("UDP", "TCP")}
                names = [peer["namespaceSelector"]["matchLabels"] for peer in rule["to"]]
                assert [list(name.values()) for name in names] == [["kube-system"], ["openshift-dns"]]
    changed = render({"networkPolicy": own}, chart=chart)
    name = "hotel-room" if chart == HOTEL else "hotel-external-task-scaler"
    egress = named(changed, "NetworkPolicy", name)["spec"]["egress"]
    assert {
        "to": own["dns"],
        "ports": [{"port": 1053, "protocol": "UDP"}, {"port": 1053, "protocol": "TCP"}],
    } in egress


@pytest.mark.parametrize("switch", ["prometheusRule", "dashboard", "serviceMonitor", None])
def test_metrics_may_be_read_by_those_that_the_values_name(render: Render, switch: str | None) -> None:
    prometheus = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
    values: Manifest = {"networkPolicy.monitoringFrom": prometheus}
    values["operator.networkPolicy.monitoringFrom"] = prometheus
    if switch:
        values[f"monitoring.{switch}.enabled"] = True
    manifests = render(values)
    for name, port in (("engine", 8081), ("room", 6002), ("worker", 8090), ("operator", 8090)):
        rules = named(manifests, "NetworkPolicy", f"hotel-{name}")["spec"]["ingress"]
        assert {"from": prometheus, "ports": [{"port": port}]} in rules, name


def test_nobody_reads_metrics_if_nothing_asks_for_it(render: Render) -> None:
    for policy in of_kind(render({"monitoring.dashboard.enabled": True}), "NetworkPolicy"):
        for rule in policy["spec"].get("ingress") or []:
            assert {port["port"] for port in rule["ports"]} <= {port for _, _, port in ARROWS}


def selects(selector: Manifest, labels: Manifest) -> bool:
    return all(labels.get(key) == value for key, value in selector["matchLabels"].items())
