"""What the chart uses of the kinds that other projects define, as schemas that refuse any other field.

Written after the CRDs of Gateway API 1.2 and of the Prometheus operator 0.79.
"""

from typing import Any


def closed(required: str, **properties: Any) -> dict[str, Any]:
    """Return the schema of an object with these fields and no other, and those that must be there."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required.split(),
        "properties": properties,
    }


def some(items: Any) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": items}


TEXT = {"type": "string", "minLength": 1}
LABELS = {"type": "object", "additionalProperties": {"type": "string"}}
PORT = {"type": "integer", "minimum": 1, "maximum": 65535}
DURATION = {"type": "string", "pattern": r"^([0-9]+h)?([0-9]+m)?([0-9]+s)?$"}
NAME = {"type": "string", "pattern": r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", "maxLength": 253}
HOST = {"type": "string", "pattern": r"^(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", "maxLength": 253}
PATH = {"type": "string", "pattern": "^/[^/]*(/[^/]+)*$", "maxLength": 1024}

HTTP_ROUTE = closed(
    "parentRefs hostnames rules",
    parentRefs=some(closed("name", name=NAME, namespace=NAME, sectionName=NAME, port=PORT)),
    hostnames=some(HOST),
    rules=some(
        closed(
            "matches backendRefs",
            filters=some({"type": "object", "required": ["type"]}),
            matches=some(closed("path", path=closed("type value", type={"const": "PathPrefix"}, value=PATH))),
            backendRefs=some(closed("name port", name=NAME, port=PORT)),
        )
    ),
)
SERVICE_MONITOR = closed(
    "selector endpoints",
    selector=closed("matchLabels", matchLabels=LABELS),
    endpoints=some(
        closed(
            "port path",
            port=TEXT,
            path=PATH,
            interval=DURATION,
            scrapeTimeout=DURATION,
            honorLabels={"type": "boolean"},
            relabelings=some({"type": "object"}),
            metricRelabelings=some({"type": "object"}),
        )
    ),
)
ALERT = closed(
    "alert expr labels annotations",
    alert=TEXT,
    expr=TEXT,
    labels=LABELS,
    annotations=LABELS,
    **{"for": DURATION},
)
PROMETHEUS_RULE = closed("groups", groups=some(closed("name rules", name=TEXT, rules=some(ALERT))))

SPECS = {
    ("gateway.networking.k8s.io/v1", "HTTPRoute"): HTTP_ROUTE,
    ("monitoring.coreos.com/v1", "ServiceMonitor"): SERVICE_MONITOR,
    ("monitoring.coreos.com/v1", "PrometheusRule"): PROMETHEUS_RULE,
}
