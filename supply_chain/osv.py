"""The advisory service OSV: which packages have known faults."""

from collections.abc import Sequence
from typing import Any, Final

import requests
from packageurl import PackageURL

from supply_chain.errors import UnreachableError

SECONDS: Final = 30
# Releases with faults known for years: a service that finds none here answers for nothing.
KNOWN_FAULTY: Final = (
    PackageURL("maven", "org.apache.logging.log4j", "log4j-core", "2.14.0"),
    PackageURL("pypi", None, "jinja2", "2.4.1"),
)


def faults(url: str, packages: Sequence[PackageURL]) -> dict[PackageURL, list[str]]:
    """Return the ids of the advisories of each package that has any.

    Raises:
        UnreachableError: the service gave no usable response, or does not know the best-known faults.
    """
    asked = [*KNOWN_FAULTY, *packages]
    found = dict(zip(asked, (ids(result) for result in results(url, asked)), strict=True))
    if unaware := [purl.to_string() for purl in KNOWN_FAULTY if not found.pop(purl)]:
        raise UnreachableError(
            f"{url} knows no fault of {', '.join(unaware)}, which has some: it is no OSV service"
        )
    return {purl: advisories for purl, advisories in found.items() if advisories}


def results(url: str, packages: Sequence[PackageURL]) -> list[Any]:
    """Return the service's result for each package, in their order."""
    queries = [{"package": {"purl": purl.to_string()}} for purl in packages]
    try:
        response = requests.post(f"{url}/v1/querybatch", json={"queries": queries}, timeout=SECONDS)
        response.raise_for_status()
        body = response.json()
    except (requests.RequestException, ValueError) as error:
        raise UnreachableError(f"the advisory service {url} cannot be reached: {error}") from error
    found = body.get("results") if isinstance(body, dict) else None
    if not isinstance(found, list) or len(found) != len(packages):
        raise UnreachableError(f"the response of {url} is not of the form of OSV's querybatch")
    return found


def ids(result: Any) -> list[str]:
    """Return the advisories' ids of one result."""
    advisories = result.get("vulns", []) if isinstance(result, dict) else []
    return [str(advisory["id"]) for advisory in advisories if isinstance(advisory, dict) and "id" in advisory]
