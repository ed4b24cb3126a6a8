"""What the engine's published tests leave out is named with its reason, and is there at all."""

import re
from pathlib import Path

ENGINE = Path(__file__).parents[3] / "images/engine"
LINE = re.compile(r"(?P<kind>setting|part|test) (?P<name>\S+) \| (?P<reason>[A-Z].{20,}\.)")
TEST = re.compile(r"org\.camunda\.bpm(\.[a-z0-9_]+)+\.[A-Z]\w+(#\w+)?")


def exceptions(kind: str) -> list[str]:
    lines = (ENGINE / "suite/exceptions.txt").read_text().splitlines()
    found = (LINE.fullmatch(line) for line in lines)
    return [match["name"] for match in found if match and match["kind"] == kind]


def test_every_exception_has_its_kind_and_its_reason() -> None:
    lines = (ENGINE / "suite/exceptions.txt").read_text().splitlines()

    assert [line for line in lines if not line.startswith("#") and not LINE.fullmatch(line)] == []
    assert len(set(lines)) == len(lines)


def test_every_test_left_out_is_named_in_full() -> None:
    assert [name for name in exceptions("test") if not TEST.fullmatch(name)] == []


def test_every_setting_left_out_is_one_of_the_image() -> None:
    settings = (ENGINE / "src/main/resources/application.yaml").read_text()

    assert exceptions("setting")
    assert [name for name in exceptions("setting") if f" {name.rpartition('.')[2]}:" not in settings] == []


def test_every_part_left_out_is_one_that_the_suite_knows() -> None:
    source = (ENGINE / "suite/java/hotel/engine/SuiteConfiguration.java").read_text()

    assert set(exceptions("part")) <= set(re.findall(r'keeps\("part (\w+)"\)', source))
