"""Options and signals of the test run; pytest reads options from the top folder's conftest alone."""

import signal

import pytest


def pytest_configure() -> None:
    # A run that was started in the background ignores Ctrl-C, and so would every program that it tests.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine",
        choices=["operaton", "camunda7"],
        default="operaton",
        help="the BPMN engine that integration tests run on",
    )
    parser.addoption(
        "--database",
        choices=["sqlite", "postgresql"],
        default="sqlite",
        help="where the stack keeps its data: files (SQLite and H2) or a PostgreSQL server of the run",
    )
    parser.addoption("--update-golden", action="store_true", help="write the charts' golden files again")
    parser.addoption("--kubeconfig", help="run tests/e2e in this cluster, not in a kind cluster of its own")
    parser.addoption("--keep-cluster", action="store_true", help="leave tests/e2e's kind cluster")
