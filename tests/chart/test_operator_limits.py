"""What keeps the operator from doing more than it must: an admission policy, and the engines it may call."""

import re
from typing import Any

import kubernetes_validate
import pytest
from support.charts import SCALER, ChartRefusedError, Manifest, Render, of_kind, pods_of

KNOWN = ["--api-versions", "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy"]
EXTERNAL = {
    "engine.external.enabled": True,
    "engine.external.url": "https://engine.example.com/engine-rest",
    **{f"engine.auth.{role}.existingSecret": role for role in ("worker", "client", "scaler", "deployer")},
}
KINDS = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")


def test_a_policy_narrows_what_the_operators_account_may_change_of_pods(render: Render) -> None:
    policy, binding = of_kind(render(chart=SCALER, options=KNOWN), *KINDS)

    for manifest in (policy, binding):
        kubernetes_validate.validate(manifest, "1.30", strict=True)
    assert binding["spec"] == {"policyName": policy["metadata"]["name"], "validationActions": ["Deny"]}
    (condition,) = policy["spec"]["matchConditions"]
    (account,) = of_kind(render(chart=SCALER), "ServiceAccount")
    assert f"'system:serviceaccount:front-desk:{account['metadata']['name']}'" in condition["expression"]


def test_it_is_left_out_where_the_cluster_does_not_know_it_or_nobody_wants_it(render: Render) -> None:
    unwanted = render({"rbac.admissionPolicy.enabled": False}, chart=SCALER, options=KNOWN)

    assert of_kind(render(chart=SCALER), *KINDS) == []
    assert of_kind(unwanted, *KINDS) == []


def test_the_engines_that_are_allowed_reach_the_operator(render: Render) -> None:
    hosts = ["*.{namespace}.svc", "engine.example.com"]

    assert allowed(render({"allowedEngines": hosts}, chart=SCALER)) == [",".join(hosts)]
    assert allowed(render(chart=SCALER)) == []


def allowed(manifests: list[Manifest]) -> list[str]:
    (pod,) = pods_of(manifests).values()
    (container,) = pod["spec"]["containers"]
    return [each["value"] for each in container["env"] if each["name"] == "OPERATOR_ALLOWED_ENGINES"]


def test_the_scale_of_other_kinds_is_granted_as_values_say(render: Render) -> None:
    values = {"rbac.scaleTargets": [{"apiGroup": "argoproj.io", "resource": "rollouts"}]}

    (role,) = of_kind(render(values, chart=SCALER), "Role")
    (plain,) = of_kind(render(chart=SCALER), "Role")

    granted = {"apiGroups": ["argoproj.io"], "resources": ["rollouts/scale"], "verbs": ["get", "update"]}
    assert [rule for rule in role["rules"] if rule not in plain["rules"]] == [granted]


def test_other_autoscalers_may_be_changed_only_where_values_say_so(render: Render) -> None:
    def verbs(values: Manifest) -> list[list[str]]:
        (role,) = of_kind(render(values, chart=SCALER), "Role")
        groups = ("autoscaling", "keda.sh")
        return [rule["verbs"] for rule in role["rules"] if rule["apiGroups"][0] in groups]

    assert verbs({}) == [["list"], ["list"]]
    assert verbs({"rbac.takeOver": True}) == [["list", "patch"], ["list", "patch"]]


def test_pushes_are_off_and_where_on_bear_a_token_of_a_secret(render: Render) -> None:
    values = {"push.enabled": True, "push.tokenSecret.name": "push"}
    on, off = render(values, chart=SCALER), render(chart=SCALER)

    (pod,) = pods_of(on).values()
    (service,) = of_kind(on, "Service")
    (policy,) = of_kind(on, "NetworkPolicy")
    assert of_kind(off, "Service") == []
    assert service["metadata"]["name"].endswith("-push")
    assert policy["spec"]["ingress"] == [{"ports": [{"port": 8091}], "from": [{"podSelector": {}}]}]
    (token,) = [volume for volume in pod["spec"]["volumes"] if volume["name"] == "push-token"]
    assert token["secret"]["secretName"] == "push"
    for manifest in on:
        kubernetes_validate.validate(manifest, "1.30", strict=True)


def test_pushes_without_a_secret_are_refused_by_a_sentence(render: Render) -> None:
    with pytest.raises(ChartRefusedError, match=r"push.enabled needs push\.tokenSecret\.name"):
        render({"push.enabled": True}, chart=SCALER)


def pushing(manifests: list[Manifest]) -> tuple[str, str]:
    """Return the names of the Secrets that the engine and the operator take the token from."""
    names = [
        volume["secret"]["secretName"]
        for name in ("Deployment/hotel-engine", "Deployment/hotel-operator")
        for volume in pods_of(manifests)[name]["spec"]["volumes"]
        if volume["name"] == "push-token"
    ]
    engine, operator = names
    return engine, operator


def test_hotels_engine_pushes_to_its_own_operator(render: Render) -> None:
    on = render()

    engine = pods_of(on)["Deployment/hotel-engine"]
    (container,) = [each for each in engine["spec"]["containers"] if each["name"] == "engine"]
    env = {each["name"]: each.get("value") for each in container["env"]}
    (service,) = [each for each in of_kind(on, "Service") if each["metadata"]["name"].endswith("-push")]
    assert env["ENGINE_PUSH_URL"] == f"http://{service['metadata']['name']}.front-desk.svc:8091/push"
    assert (
        service["spec"]["selector"].items()
        <= pods_of(on)["Deployment/hotel-operator"]["metadata"]["labels"].items()
    )
    policies = {each["metadata"]["name"]: each["spec"] for each in of_kind(on, "NetworkPolicy")}
    assert [rule for rule in policies["hotel-engine"]["egress"] if {"port": 8091} in rule["ports"]] == [
        {"to": [{"podSelector": {"matchLabels": service["spec"]["selector"]}}], "ports": [{"port": 8091}]}
    ]
    (allowed,) = [rule for rule in policies["hotel-operator"]["ingress"] if {"port": 8091} in rule["ports"]]
    (peer,) = allowed["from"]
    assert peer["podSelector"]["matchLabels"].items() <= engine["metadata"]["labels"].items()
    assert not peer["podSelector"]["matchLabels"].items() <= service["spec"]["selector"].items()


def test_the_token_of_pushes_is_generated_or_the_users(render: Render) -> None:
    generated, given = render(), render({"operator.push.tokenSecret.name": "own"})

    secrets = {each["metadata"]["name"]: each for each in of_kind(generated, "Secret")}
    assert pushing(generated) == ("hotel-push-token", "hotel-push-token")
    assert re.fullmatch("[A-Za-z0-9]{32}", secrets["hotel-push-token"]["stringData"]["token"])
    assert pushing(given) == ("own", "own")
    assert [each for each in of_kind(given, "Secret") if "push" in each["metadata"]["name"]] == []


@pytest.mark.parametrize(
    "values",
    [
        {"operator.push.enabled": False},
        {"operator.push": None},
        {"operator.enabled": False},
        EXTERNAL,
    ],
    ids=["off", "unset", "no operator", "an engine that does not know the token"],
)
def test_without_pushes_nothing_is_left_of_them(render: Render, values: dict[str, Any]) -> None:
    text = str(render(values))

    assert "ENGINE_PUSH_URL" not in text
    assert "8091" not in text
    assert "push-token" not in text


def test_what_pushes_for_an_external_engine_is_the_users_to_name(render: Render) -> None:
    values = {**EXTERNAL, "operator.push.tokenSecret.name": "own"}
    (policy,) = [
        each
        for each in of_kind(render(values), "NetworkPolicy")
        if each["metadata"]["name"] == "hotel-operator"
    ]

    (allowed,) = [rule for rule in policy["spec"]["ingress"] if {"port": 8091} in rule["ports"]]
    assert allowed["from"] == [{"podSelector": {}}]
