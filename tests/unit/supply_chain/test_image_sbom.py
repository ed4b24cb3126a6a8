"""An image's SBOM: every package has a licence, or says that nobody states one, and no jar is missing."""

from typing import Any

from supply_chain import bom
from supply_chain.images import completed

MIT = [{"license": {"id": "MIT"}}]
GPL = [{"license": {"id": "GPL-2.0-only"}}]


def component(purl: str, **more: Any) -> dict[str, Any]:
    name, _, version = purl.partition("?")[0].rsplit("/", 1)[1].partition("@")
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, **more}


def engine(*purls: str) -> bom.Document:
    root = component("pkg:maven/hotel/hotel-engine@0.1.0?type=jar", licenses=MIT)
    return {
        "metadata": {"component": root},
        "components": [component(purl, licenses=MIT) for purl in purls],
    }


def jars(of: str, count: int) -> list[str]:
    return [f"pkg:maven/com.example/{of}-{number}@1?type=jar" for number in range(count)]


def named(document: bom.Document) -> set[str]:
    return {purl.name for purl, _ in bom.packages(document)}


def test_licences_of_the_parts_complete_the_scan() -> None:
    scan = {
        "components": [
            component("pkg:maven/com.h2database/h2@1"),
            component("pkg:maven/hotel/hotel-engine@0.1.0"),
            component("pkg:deb/debian/bash@1?arch=amd64", licenses=GPL),
            component("pkg:generic/python@3.13.1"),
            {"type": "file", "name": "/usr/bin/x"},
            {"type": "operating-system", "name": "debian", "version": "13"},
        ]
    }

    document = completed(scan, [engine("pkg:maven/com.h2database/h2@1?type=jar")])

    assert {entry["name"]: bom.licences(entry) for entry in document["components"]} == {
        "h2": ["MIT"],
        "hotel-engine": ["MIT"],
        "bash": ["GPL-2.0-only"],
        "python": ["NOASSERTION"],
        "debian": ["NOASSERTION"],
    }


def test_a_package_url_that_the_scan_guessed_is_corrected() -> None:
    scan = {"components": [component("pkg:maven/org.objectweb.asm.commons/asm-commons@9.6")]}

    document = completed(scan, [engine("pkg:maven/org.ow2.asm/asm-commons@9.6?type=jar")])

    assert [entry["purl"] for entry in document["components"]] == [
        "pkg:maven/org.ow2.asm/asm-commons@9.6?type=jar"
    ]


def test_projects_of_one_name_are_kept_apart() -> None:
    ours, theirs = (
        "pkg:maven/com.sun.xml.bind/jaxb-core@4.0.9",
        "pkg:maven/org.glassfish.jaxb/jaxb-core@4.0.9",
    )
    scan = {"components": [component(ours), component(theirs)]}

    document = completed(scan, [engine(ours, theirs)])

    assert [entry["purl"] for entry in document["components"]] == [ours, theirs]


def test_a_version_that_the_parts_do_not_have_stays() -> None:
    scan = {"components": [component("pkg:maven/org.ow2.asm/asm-commons@8.0", licenses=GPL)]}

    document = completed(scan, [engine("pkg:maven/org.ow2.asm/asm-commons@9.6?type=jar")])

    assert [(entry["version"], bom.licences(entry)) for entry in document["components"]] == [
        ("8.0", ["GPL-2.0-only"])
    ]


def test_jars_that_the_scan_missed_are_added_for_the_engine_that_is_there_alone() -> None:
    shared, operaton, camunda = jars("shared", 30), jars("operaton", 10), jars("camunda", 10)
    scan = {"components": [component(purl) for purl in [*shared, *operaton[:-1]]]}
    loader = "pkg:maven/org.springframework.boot/spring-boot-loader@1?type=jar"

    document = completed(scan, [engine(*shared, *operaton, loader), engine(*shared, *camunda, loader)])

    assert named(document) == {purl.split("/")[2].split("@")[0] for purl in [*shared, *operaton]}


def test_nothing_of_the_engines_is_added_to_another_image() -> None:
    scan = {"components": [component("pkg:pypi/flask@3.1.2")]}

    assert named(completed(scan, [engine(*jars("operaton", 10)), engine()])) == {"flask"}
