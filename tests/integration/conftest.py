"""One real engine for the session, and around it, for tests that ask for it, the whole stack."""

from collections.abc import Generator, Iterator

import pytest
from hotel.names import EngineKind
from hotel.stack.local import LocalStack
from support.postgresql import postgresql_server
from support.stacks import Engine, Stack, log_tails, new_stack


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if {"engine", "stack"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.engine)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the end of every part's log with a test that failed."""
    report = yield
    parts = getattr(item, "funcargs", {}).get("_parts")
    if report.failed and isinstance(parts, LocalStack):
        report.sections.extend(log_tails(parts))
    return report


@pytest.fixture(scope="session")
def stack_database_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The PostgreSQL server under the whole stack; None where it keeps its data in files."""
    if request.config.getoption("--database") == "sqlite":
        yield None
        return
    with postgresql_server() as url:
        yield url


@pytest.fixture(scope="session")
def _parts(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, stack_database_url: str | None
) -> Iterator[LocalStack]:
    kind = EngineKind(request.config.getoption("--engine"))
    parts = new_stack(tmp_path_factory.mktemp("stack"), kind, stack_database_url)
    yield parts
    parts.stop()


@pytest.fixture(scope="session")
def engine(_parts: LocalStack) -> Iterator[Engine]:
    """The engine alone, with its technical users."""
    engine = Engine(_parts)
    engine.start()
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def _session_stack(_parts: LocalStack, engine: Engine) -> Stack:
    stack = Stack(_parts, engine)
    stack.start()
    return stack


@pytest.fixture
def stack(_session_stack: Stack) -> Stack:
    """The whole stack, all of it running."""
    _session_stack.mend()
    return _session_stack
