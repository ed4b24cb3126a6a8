"""Cockpit draws what the diagram says: all of it must be there and readable."""

import re
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from support.bpmn_model import BPMN, BPMNDI, NODES, TASKS, Box, Model, kind_of

REPOSITORY = Path(__file__).parents[3]
EVENTS = {"startEvent", "endEvent", "boundaryEvent"}
STANDING_ALONE = [*TASKS, "startEvent", "endEvent", "exclusiveGateway", "subProcess"]


def test_every_node_and_flow_is_drawn_once(model: Model) -> None:
    assert set(model.shapes) == {element.get("id") for element in model.elements(*NODES)}
    assert set(model.edges) == {element.get("id") for element in model.elements("sequenceFlow")}
    drawn = [*model.root.iter(f"{BPMNDI}BPMNShape"), *model.root.iter(f"{BPMNDI}BPMNEdge")]
    assert len(drawn) == len(model.shapes) + len(model.edges)


def test_subprocesses_are_expanded_around_what_they_hold(model: Model) -> None:
    expanded = {
        shape.get("bpmnElement"): shape.get("isExpanded") for shape in model.root.iter(f"{BPMNDI}BPMNShape")
    }
    for subprocess in model.elements("subProcess"):
        assert expanded[subprocess.get("id")] == "true"
        box = model.shapes[str(subprocess.get("id"))]
        inside = [child.get("id") for child in subprocess if kind_of(child) in NODES]
        assert all(box.contains(model.shapes[str(child)]) for child in inside)


def test_shapes_of_one_scope_do_not_overlap(model: Model) -> None:
    for scope in [model.process, *model.elements("subProcess")]:
        ids = [str(child.get("id")) for child in scope if kind_of(child) in STANDING_ALONE]
        for one, other in combinations(ids, 2):
            assert not model.shapes[one].overlaps(model.shapes[other]), f"{one} and {other}"


def test_boundary_events_sit_on_the_edge_of_their_host_apart_from_each_other(model: Model) -> None:
    events = model.elements("boundaryEvent")
    for event in events:
        box, host = model.shapes[str(event.get("id"))], model.shapes[str(event.get("attachedToRef"))]
        centre = (box.x + box.width / 2, box.y + box.height / 2)
        assert host.x < centre[0] < host.right
        assert centre[1] in {host.y, host.bottom}
    for one, other in combinations(events, 2):
        assert not model.shapes[str(one.get("id"))].overlaps(model.shapes[str(other.get("id"))])


def test_flows_are_orthogonal_and_dock_where_they_belong(model: Model) -> None:
    for flow in model.elements("sequenceFlow"):
        points = model.edges[str(flow.get("id"))]
        for (x1, y1), (x2, y2) in pairwise(points):
            assert (x1 == x2) != (y1 == y2), f"{flow.get('id')} is not orthogonal"
        assert model.shapes[str(flow.get("sourceRef"))].touches(points[0])
        assert model.shapes[str(flow.get("targetRef"))].touches(points[-1])


def test_flows_pass_through_no_shape(model: Model) -> None:
    boxes = {
        str(element.get("id")): model.shapes[str(element.get("id"))]
        for element in model.elements(*TASKS, *EVENTS, "exclusiveGateway")
    }
    for flow in model.elements("sequenceFlow"):
        own = {flow.get("sourceRef"), flow.get("targetRef")}
        own |= {
            event.get("attachedToRef") for event in model.elements("boundaryEvent") if event.get("id") in own
        }
        for segment in _segments(model, str(flow.get("id"))):
            hit = [name for name, box in boxes.items() if name not in own and box.overlaps(segment)]
            assert hit == [], f"{flow.get('id')} passes through {hit}"


def test_what_has_a_name_beside_it_has_a_place_for_it(model: Model) -> None:
    for element in model.elements(*EVENTS, "exclusiveGateway", "sequenceFlow"):
        assert (element.get("name") is not None) == (element.get("id") in model.labels), element.get("id")


def test_names_overlap_no_shape_no_flow_and_no_other_name(model: Model) -> None:
    shapes = [model.shapes[str(e.get("id"))] for e in model.elements(*TASKS, *EVENTS, "exclusiveGateway")]
    segments = [segment for flow in model.edges for segment in _segments(model, flow)]
    for name, label in model.labels.items():
        assert not [box for box in shapes if label.overlaps(box)], f"the name of {name} lies on a shape"
        assert not [box for box in segments if label.overlaps(box)], f"the name of {name} lies on a flow"
    for (one, first), (other, second) in combinations(model.labels.items(), 2):
        assert not first.overlaps(second), f"the names of {one} and {other}"


def test_every_event_says_what_it_is(model: Model) -> None:
    for event in model.elements(*EVENTS):
        assert event.get("name"), event.get("id")
    assert model.process.get("name")
    assert model.process.findtext(f"{BPMN}documentation")


@pytest.mark.parametrize("name", ["hotel-reservation", "client-creation"])
def test_picture_in_the_documentation_is_of_this_diagram(name: str) -> None:
    model = Model(REPOSITORY / "bpmn" / f"{name}.bpmn")
    picture = (REPOSITORY / "docs" / f"{name}.svg").read_text(encoding="utf-8")
    drawn = re.findall(r'data-element-id="(\w+)" transform="matrix\(1 0 0 1 ([\d.]+) ([\d.]+)\)"', picture)
    places = {element: (float(x), float(y)) for element, x, y in drawn if not element.endswith("_label")}
    assert places == {element: (box.x, box.y) for element, box in model.shapes.items()}
    assert set(model.edges) <= set(re.findall(r'data-element-id="(\w+)"', picture))


def _segments(model: Model, flow: str) -> list[Box]:
    """Return the parts of a flow as thin boxes, without the ends that touch their shapes."""
    points = model.edges[flow]
    return [
        Box(min(x1, x2) - 0.5, min(y1, y2) - 0.5, abs(x1 - x2) + 1, abs(y1 - y2) + 1)
        for (x1, y1), (x2, y2) in pairwise(points)
    ]
