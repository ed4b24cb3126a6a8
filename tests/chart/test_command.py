"""What `hotel --namespace` finds in a release: the chart's objects say it, whatever the values."""

import pytest
from hotel.cluster.manifests import is_of_hotel
from hotel.cluster.release import Release, ServicePort
from hotel.names import Role, Service
from support.charts import Render, of_kind

PORTS = {Service.BOOKING: 5001, Service.ROOM: 5002, Service.RESTAURANT: 5003, Service.CLIENT: 5004}


def release(render: Render, *values: object, **options: str) -> Release:
    """Return the release as the command sees it, with a pod of everything ready."""
    manifests = of_kind(render(*values, **options), "Deployment", "Service", "ConfigMap")
    ours = [{**m, "status": {"readyReplicas": 1}} for m in manifests if is_of_hotel(m)]
    return Release("hotel", "namespace front-desk", ours)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ((), "hotel"),
        (("full-values.yaml",), "hotel"),
        (({"fullnameOverride": "grand"},), "grand"),
        (({"nameOverride": "inn"},), "hotel-inn"),
    ],
)
def test_engine_and_services_are_found_by_their_names(
    render: Render, values: tuple[object, ...], name: str
) -> None:
    found = release(render, *values)

    assert found.external_engine is None
    assert found.engine() == ServicePort(f"{name}-engine", 8080)
    assert {service: found.service(service) for service in Service} == {
        service: ServicePort(f"{name}-{service}", port) for service, port in PORTS.items()
    }


@pytest.mark.parametrize("role", [Role.CLIENT, Role.DEPLOYER, Role.ADMIN])
def test_a_generated_secret_is_found(render: Render, role: Role) -> None:
    user = release(render).engine_user(role)

    assert user.name == role
    assert user.password
    assert (user.password.secret, user.password.key) == (f"hotel-engine-{role}", "password")


def test_a_secret_of_the_users_is_found(render: Render) -> None:
    found = release(
        render,
        {
            "engine.auth.client": {"user": "desk", "existingSecret": "vault", "existingSecretKey": "desk"},
            "services.token": {"existingSecret": "vault", "existingSecretKey": "services"},
        },
    )

    user, token = found.engine_user(Role.CLIENT), found.service_token()
    assert user.password
    assert token
    assert (user.name, user.password.secret, user.password.key) == ("desk", "vault", "desk")
    assert (token.secret, token.key) == ("vault", "services")


@pytest.mark.parametrize("role", [Role.CLIENT, Role.DEPLOYER])
def test_an_external_engine_is_found_with_its_secrets(render: Render, role: Role) -> None:
    found = release(render, "external-values.yaml")

    assert found.external_engine == "https://engine.example.com/engine-rest"
    assert found.engine_ca
    assert (found.engine_ca.secret, found.engine_ca.key) == ("engine-ca", "ca.crt")
    user = found.engine_user(role)
    assert user.name == role
    assert user.password
    assert (user.password.secret, user.password.key) == (f"engine-{role}", "password")
    assert found.service(Service.ROOM) == ServicePort("hotel-room", 5002)
