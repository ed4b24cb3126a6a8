"""The contracts between packages refuse what they forbid: a contract that cannot fail guards nothing."""

from collections.abc import Iterator
from copy import deepcopy
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import grimp
import pytest
from importlinter.application.use_cases import read_user_options
from importlinter.configuration import configure
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.independence import IndependenceContract
from importlinter.contracts.layers import LayersContract
from importlinter.domain.contract import Contract

ROOT = Path(__file__).parents[3]
configure()
OPTIONS = read_user_options(config_filename=str(ROOT / "pyproject.toml"))
CONTRACTS = OPTIONS.contracts_options
TYPES: dict[str, type[Contract]] = {
    "forbidden": ForbiddenContract,
    "independence": IndependenceContract,
    "layers": LayersContract,
}
CLIENT_ONLY = "use the library's engine client"

# Imports that each look harmless, and the contract that has to refuse them.
EXAMPLES = [
    ("external_task_operator.control.poller", "external_tasks.worker", CLIENT_ONLY),
    (
        "external_task_operator.engine.counts",
        "external_tasks.runtime.poll_loop",
        CLIENT_ONLY,
    ),
    ("hotel.reservations.client", "external_tasks.testing", CLIENT_ONLY),
    ("hotel.stack.worker", "hotel_worker.settings", CLIENT_ONLY),
    ("hotel.reservations.engine", "external_tasks", "not from its root"),
    (
        "external_task_operator.policy.policy",
        "external_task_operator.kubernetes.client",
        "Layers of the operator",
    ),
    ("external_task_operator.policy.policy", "kubernetes", "The policy is pure"),
    ("external_tasks.engine.client", "external_tasks.runtime.locks", "Layers of the library"),
    ("hotel_services.kit.http.auth", "hotel_services.shared.references", "Layers of the services"),
    ("hotel_services.room.stays", "hotel_services.booking.bookings", "No service imports another"),
]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(
        *OPTIONS.session_options["root_packages"], include_external_packages=True, cache_dir=None
    )


def contract(options: dict[str, Any]) -> Contract:
    return TYPES[options["type"]](
        name=options["name"], session_options=OPTIONS.session_options, contract_options=options
    )


def forbidden_imports(options: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield an import (importer, imported) for each line that the contract draws."""
    if options["type"] == "forbidden":
        yield from ((s, f) for s in options["source_modules"] for f in options["forbidden_modules"])
    elif options["type"] == "independence":
        yield from permutations(options["modules"], 2)
    else:
        assert options["type"] == "layers", "teach this test the new type of contract"
        yield from _against_layers(options["containers"], options["layers"])


def _against_layers(containers: list[str], layers: list[str]) -> Iterator[tuple[str, str]]:
    for container in containers:
        rooms = [[f"{container}.{room.strip()}" for room in layer.split("|")] for layer in layers]
        for upper, lower in pairwise(rooms):
            yield lower[0], upper[-1]
        for layer in rooms:
            yield from permutations(layer, 2)


CASES = [(options, *pair) for options in CONTRACTS for pair in forbidden_imports(options)]


def refuses(options: dict[str, Any], graph: grimp.ImportGraph, importer: str, imported: str) -> bool:
    with_import = deepcopy(graph)
    with_import.add_import(importer=importer, imported=imported)
    return not contract(options).check(with_import, verbose=False).kept


@pytest.mark.parametrize("options", CONTRACTS, ids=lambda options: options["name"])
def test_today_s_imports_keep_the_contract(options: dict[str, Any], graph: grimp.ImportGraph) -> None:
    assert contract(options).check(deepcopy(graph), verbose=False).kept


@pytest.mark.parametrize(
    ("options", "importer", "imported"),
    CASES,
    ids=[f"{options['name']}: {importer} -> {imported}" for options, importer, imported in CASES],
)
def test_a_forbidden_import_breaks_the_contract(
    options: dict[str, Any], importer: str, imported: str, graph: grimp.ImportGraph
) -> None:
    assert refuses(options, graph, importer, imported)


@pytest.mark.parametrize(("importer", "imported", "name"), EXAMPLES)
def test_an_import_that_looks_harmless_breaks_its_contract(
    importer: str, imported: str, name: str, graph: grimp.ImportGraph
) -> None:
    assert {importer, imported} <= graph.modules, "the example names a module that no longer exists"

    refused_by = [options["name"] for options in CONTRACTS if refuses(options, graph, importer, imported)]

    assert any(name in contract_name for contract_name in refused_by)
