"""A BPMN file as a test looks at it."""

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
BPMNDI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
DI = "{http://www.omg.org/spec/DD/20100524/DI}"
CAMUNDA = "{http://camunda.org/schema/1.0/bpmn}"

SCOPES = {"process", "subProcess"}
TASKS = {"serviceTask", "userTask", "callActivity"}
NODES = {*TASKS, "subProcess", "startEvent", "endEvent", "boundaryEvent", "exclusiveGateway"}


@dataclass(frozen=True)
class Box:
    """A rectangle of the diagram."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def overlaps(self, other: "Box") -> bool:
        return (
            self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom
        )

    def contains(self, other: "Box") -> bool:
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    def touches(self, point: tuple[float, float]) -> bool:
        """Whether the point lies on the edge or inside."""
        return self.x <= point[0] <= self.right and self.y <= point[1] <= self.bottom


class Model:
    """One BPMN file with one process."""

    def __init__(self, path: Path) -> None:
        self.root = ET.parse(path).getroot()  # noqa: S314 - a file of this repository
        (self.process,) = self.root.findall(f"{BPMN}process")
        self._parents = {child: parent for parent in self.root.iter() for child in parent}

    def elements(self, *kinds: str) -> list[ET.Element]:
        """Return the process's elements of these kinds, at any depth."""
        return [element for element in self.process.iter() if kind_of(element) in kinds]

    def by_id(self, element_id: str) -> ET.Element:
        (found,) = [element for element in self.root.iter() if element.get("id") == element_id]
        return found

    def scope_of(self, element: ET.Element) -> ET.Element:
        return self._parents[element]

    def boundary_events(self, host_id: str) -> list[ET.Element]:
        return [event for event in self.elements("boundaryEvent") if event.get("attachedToRef") == host_id]

    def error_events(self, host_id: str) -> list[ET.Element]:
        """Return the boundary events of an activity that catch errors."""
        return [e for e in self.boundary_events(host_id) if e.find(f"{BPMN}errorEventDefinition") is not None]

    def error_code(self, event: ET.Element) -> str | None:
        """Return the code that an error event throws or catches; None if it catches all."""
        definition = event.find(f"{BPMN}errorEventDefinition")
        assert definition is not None
        ref = definition.get("errorRef")
        return self.by_id(ref).get("errorCode") if ref else None

    def caught_codes(self, host_id: str) -> set[str | None]:
        return {self.error_code(event) for event in self.error_events(host_id)}

    @property
    def topics(self) -> dict[str, str]:
        """The topics of the external tasks, by the tasks' ids."""
        return {
            str(task.get("id")): str(task.get(f"{CAMUNDA}topic")) for task in self.elements("serviceTask")
        }

    @property
    def shapes(self) -> dict[str, Box]:
        return {
            str(shape.get("bpmnElement")): _box(shape.find(f"{DC}Bounds"))
            for shape in self.root.iter(f"{BPMNDI}BPMNShape")
        }

    @property
    def labels(self) -> dict[str, Box]:
        """The boxes of the names that are written beside their elements."""
        return {
            str(self._parents[label].get("bpmnElement")): _box(label.find(f"{DC}Bounds"))
            for label in self.root.iter(f"{BPMNDI}BPMNLabel")
        }

    @property
    def edges(self) -> dict[str, list[tuple[float, float]]]:
        return {
            str(edge.get("bpmnElement")): [
                (float(point.get("x", "nan")), float(point.get("y", "nan")))
                for point in edge.findall(f"{DI}waypoint")
            ]
            for edge in self.root.iter(f"{BPMNDI}BPMNEdge")
        }


def kind_of(element: ET.Element) -> str:
    """Return the element's name without its namespace; empty for elements of other namespaces."""
    return element.tag.removeprefix(BPMN) if element.tag.startswith(BPMN) else ""


def _box(bounds: ET.Element | None) -> Box:
    assert bounds is not None
    return Box(*(float(bounds.get(name, "nan")) for name in ("x", "y", "width", "height")))
