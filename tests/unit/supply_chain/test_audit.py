"""The audit of known faults: its outcomes cannot be mixed up."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packageurl import PackageURL
from support.http_stub import Answer, HttpStub, http_stub

from supply_chain import audit, osv, pip_audit
from supply_chain.errors import UnreachableError

# The two releases that the audit asks about first, to see whether the server knows anything.
CANARIES: list[Any] = [{"vulns": [{"id": "GHSA-jfh8-c2jp-5v3q"}]}, {"vulns": [{"id": "PYSEC-2014-8"}]}]
HEALTHY = {"results": [*CANARIES, {}]}
FAULTY = {"results": [*CANARIES, {"vulns": [{"id": "CVE-2026-55956"}, {"id": "CVE-2026-55276"}]}]}
NO_PYTHON_FAULT: dict[str, Any] = {"vulns": []}


@pytest.fixture
def service() -> Iterator[HttpStub]:
    with http_stub() as stub:
        yield stub


@pytest.fixture
def arguments(service: HttpStub, tmp_path: Path) -> list[str]:
    """The command line for one Maven package and one Python package."""
    sbom, requirements = tmp_path / "engine.cdx.json", tmp_path / "worker.txt"
    purl = "pkg:maven/org.apache.tomcat.embed/tomcat-embed-core@10.1.55?type=jar"
    sbom.write_text(json.dumps({"components": [{"type": "library", "name": "tomcat", "purl": purl}]}))
    requirements.write_text(f"urllib3==2.8.0 --hash=sha256:{'0' * 64}\n")
    return ["--osv-url", service.url, "--requirements", str(requirements), "--sboms", str(sbom)]


def test_no_known_fault_needs_an_answer_for_both_parts(
    service: HttpStub, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    service.answer(Answer(body=HEALTHY), Answer(body=NO_PYTHON_FAULT))

    code = audit.main(arguments)

    assert (code, capsys.readouterr().out.splitlines()) == (
        0,
        ["no known fault: 1 Maven packages", "no known fault: 1 files of Python requirements"],
    )


def test_a_maven_fault_is_named(
    service: HttpStub, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    service.answer(Answer(body=FAULTY), Answer(body=NO_PYTHON_FAULT))

    code = audit.main(arguments)

    assert code == 1
    assert "tomcat-embed-core@10.1.55: CVE-2026-55956, CVE-2026-55276" in capsys.readouterr().out


def test_a_python_fault_is_named(
    service: HttpStub, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    advisory = {
        "id": "PYSEC-2026-1",
        "summary": "a fault",
        "affected": [
            {
                "package": {"name": "urllib3", "ecosystem": "PyPI"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.9.0"}]}],
                "versions": ["2.8.0"],
            }
        ],
    }
    service.answer(Answer(body=HEALTHY), Answer(body={"vulns": [advisory]}))

    code = audit.main(arguments)

    assert code == 1
    assert "known fault: pkg:pypi/urllib3@2.8.0: PYSEC-2026-1" in capsys.readouterr().out


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(hang_up=True), id="hangs up"),
        pytest.param(Answer(status=404, body={}), id="404"),
        pytest.param(Answer(status=503), id="503"),
        pytest.param(Answer(status=204), id="empty"),
        pytest.param(Answer(body=b"<html>log in to the network</html>"), id="a login page"),
        pytest.param(Answer(body=[]), id="no object"),
        pytest.param(Answer(body={}), id="no results"),
        pytest.param(Answer(body={"results": [*CANARIES]}), id="a result too few"),
        pytest.param(Answer(body={"results": [{}, {}, {}]}), id="knows no fault at all"),
        pytest.param(Answer(body={"results": [CANARIES[0], {}, {}]}), id="knows no Python fault"),
        pytest.param(Answer(body={"results": [None, 1, "two"]}), id="results of no form"),
    ],
)
def test_without_a_usable_answer_nothing_counts_as_free_of_faults(service: HttpStub, answer: Answer) -> None:
    service.answer(answer)

    with pytest.raises(UnreachableError, match=re.escape(service.url)):
        osv.faults(service.url, [PackageURL("maven", "com.example", "package", "1.0")])


def test_what_was_not_audited_is_said_and_ends_with_its_own_code(
    service: HttpStub, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    service.answer(Answer(status=503), Answer(body=NO_PYTHON_FAULT))

    code = audit.main(arguments)

    printed = capsys.readouterr()
    assert code == 3
    assert "NOT AUDITED: 1 Maven packages" in printed.err
    assert "no known fault: 1 Maven" not in printed.out


def test_python_packages_that_cannot_be_asked_about_are_not_audited(
    service: HttpStub, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    service.answer(Answer(body=FAULTY), Answer(status=503))

    code = audit.main(arguments)

    printed = capsys.readouterr()
    # What is known is still named.
    assert (code, "known fault: pkg:maven/" in printed.out) == (3, True)
    assert "NOT AUDITED: 1 files of Python requirements" in printed.err
    assert "no known fault" not in printed.out


def test_a_package_that_pip_audit_skips_is_not_audited() -> None:
    report: list[dict[str, Any]] = [
        {"name": "flask", "version": "3.1.2", "vulns": []},
        {"name": "urllib3", "skip_reason": "Dependency not found on PyPI and could not be audited"},
    ]

    with pytest.raises(UnreachableError, match="skipped 1 packages: urllib3"):
        pip_audit.advisories(report)


def test_an_empty_report_is_not_an_audit() -> None:
    with pytest.raises(UnreachableError, match="looked at no package"):
        pip_audit.advisories([])


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(UnreachableError, match=r"http://127\.0\.0\.1:1 cannot be reached"):
        osv.faults("http://127.0.0.1:1", [])
