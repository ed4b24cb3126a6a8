"""Which licences dependencies may have."""

import pytest
from packageurl import PackageURL

from supply_chain.licences import Rules, refused, table

RULES = Rules.load()
PYTHON = PackageURL("pypi", None, "package", "1.0")
MAVEN = PackageURL("maven", "com.example", "package", "1.0")


@pytest.mark.parametrize(
    "licences",
    [
        ["MIT"],
        ["Apache-2.0 OR GPL-3.0-only"],
        ["MIT AND (GPL-2.0-only OR BSD-3-Clause)"],
        ["License :: OSI Approved :: BSD License"],
        ["MIT", "License :: OSI Approved :: MIT License"],
    ],
)
def test_allowed_licences_are_permitted(licences: list[str]) -> None:
    assert RULES.permit(PYTHON, licences)


@pytest.mark.parametrize(
    "licences",
    [
        ["GPL-3.0-only"],
        ["AGPL-3.0-or-later"],
        ["MIT AND GPL-3.0-only"],
        ["MIT", "GPL-3.0-only"],
        ["GPL-2.0-only WITH Classpath-exception-2.0"],
        ["EPL-2.0"],
        ["NOASSERTION"],
        ["a licence of our own"],
        ["MIT OR"],
        ["License :: OSI Approved"],
        ["SSPL-1.0"],
        ["BUSL-1.1"],
        [""],
    ],
)
def test_other_licences_are_refused(licences: list[str]) -> None:
    assert not RULES.permit(PYTHON, licences)


def test_maven_packages_offer_a_choice() -> None:
    assert RULES.permit(MAVEN, ["GPL-2.0-with-classpath-exception", "Apache-2.0"])
    assert not RULES.permit(MAVEN, ["GPL-2.0-with-classpath-exception", "EPL-2.0"])


def test_an_exception_holds_for_its_component_alone() -> None:
    assert RULES.permit(PackageURL("maven", "org.glassfish.hk2", "hk2-api", "3.0.6"), ["EPL-2.0"])
    assert not RULES.permit(PackageURL("maven", "org.glassfish.hk2", "hk2-api", "3.0.6"), ["GPL-3.0-only"])
    assert not RULES.permit(PackageURL("maven", "com.example.org.glassfish", "api", "1.0"), ["EPL-2.0"])


def test_every_exception_has_a_reason() -> None:
    assert [entry for entry in RULES.exceptions if len(entry["reason"]) < 20] == []


def test_a_refusal_names_the_package_and_its_licences() -> None:
    component = {"purl": PYTHON.to_string(), "licenses": [{"license": {"id": "GPL-3.0-only"}}]}

    assert refused([(PYTHON, component)], RULES) == ["pkg:pypi/package@1.0: GPL-3.0-only"]


def test_the_table_says_where_a_package_is() -> None:
    component = {"purl": MAVEN.to_string(), "licenses": [{"expression": "MIT OR Apache-2.0"}]}

    text = table({"engine-a": {"components": [component]}, "engine-b": {"components": [component]}})

    assert "| com.example/package | 1.0 | MIT OR Apache-2.0 | engine-a, engine-b |" in text
