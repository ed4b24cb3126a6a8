"""What Ingress and HTTPRoute lead to."""

from collections.abc import Iterator

from support.charts import Manifest, Render, of_kind

Backend = tuple[str, str, object]


def test_ingress_and_routes_lead_to_services_of_the_release(render: Render) -> None:
    manifests = render("full-values.yaml")
    ports = {
        (service["metadata"]["name"], port[key])
        for service in of_kind(manifests, "Service")
        for port in service["spec"]["ports"]
        for key in ("name", "port")
    }
    for kind, backends in (("Ingress", ingress_backends), ("HTTPRoute", route_backends)):
        found = {(name, port) for m in of_kind(manifests, kind) for _, name, port in backends(m)}
        assert {name for name, _ in found} == {
            f"hotel-{name}" for name in ("engine", "booking", "room", "restaurant", "client")
        }
        assert found <= ports


def test_the_rest_api_is_reached_from_outside_only_where_it_is_named(render: Render) -> None:
    manifests = render("full-values.yaml")
    ingress = {path for m in of_kind(manifests, "Ingress") for path, _, _ in ingress_backends(m)}
    routes = {path for m in of_kind(manifests, "HTTPRoute") for path, _, _ in route_backends(m)}
    assert "/engine-rest" not in ingress
    assert "/engine-rest" in routes
    assert ingress | {"/engine-rest"} == routes
    assert {path for path in ingress if path != "/operaton"} == {
        f"/api/{name}" for name in ("booking", "room", "restaurant", "client")
    }


def ingress_backends(ingress: Manifest) -> Iterator[Backend]:
    """Yield path, Service and port of each way in."""
    for rule in ingress["spec"]["rules"]:
        for path in rule["http"]["paths"]:
            service = path["backend"]["service"]
            yield path["path"], service["name"], service["port"]["name"]


def route_backends(route: Manifest) -> Iterator[Backend]:
    """Yield path, Service and port of each way in."""
    for rule in route["spec"]["rules"]:
        for match in rule["matches"]:
            for backend in rule["backendRefs"]:
                yield match["path"]["value"], backend["name"], backend["port"]
