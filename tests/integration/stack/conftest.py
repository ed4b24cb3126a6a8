"""What tests on the whole stack ask for."""

from collections.abc import Iterator

import pytest
import urllib3
from support.hotel_command import HotelCommand
from support.reservations import Services
from support.stacks import Stack


@pytest.fixture
def hotel(stack: Stack) -> HotelCommand:
    """The command for the session's stack."""
    return HotelCommand(stack.home)


@pytest.fixture
def services(stack: Stack) -> Iterator[Services]:
    with urllib3.PoolManager(retries=False, timeout=30) as pool:
        yield Services(stack, pool)
