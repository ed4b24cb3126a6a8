"""The faults of a week: of random kinds, a minute from each other, the same for the same seed."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
from chaos import week
from chaos.faults import FAULTS, Fault


class Place:
    """Notes what breaks, and when it is put right."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.events: list[tuple[str, float]] = []

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def fault(self, name: str, seconds: float) -> Fault:
        @contextmanager
        def broken(_place: Any, _chance: random.Random, _seconds: float) -> Iterator[None]:
            self.events.append((f"{name} broken", self.now))
            yield
            self.events.append((f"{name} healed", self.now))

        return Fault(broken, seconds, 0)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place()
    kinds = {"short": place.fault("short", 5), "long": place.fault("long", 70)}
    monkeypatch.setattr(week, "FAULTS", kinds)
    monkeypatch.setattr(week, "KINDS", tuple(kinds))
    return place


def some(place: Place, seed: int, number: int) -> week.Mixed:
    mixed = week.Mixed(seed, 60, lambda: place.now, place.sleep)
    for _ in range(number):
        with mixed.fault.broken(place, random.Random(1), 0):  # type: ignore[arg-type]  # it is handed on
            pass
    return mixed


def test_each_minute_begins_one_fault_unless_the_last_one_still_lasts(place: Place) -> None:
    mixed = some(place, 3, 40)

    begins = [(name, at) for name, at in place.events if name.endswith("broken")]
    assert begins[0][1] == 1000
    for (before, began), (_, follows) in pairwise(begins):
        assert follows - began == (70 if before.startswith("long") else 60)
    assert mixed.counts["short"] + mixed.counts["long"] == 40
    assert min(mixed.counts.values()) >= 10


def test_each_fault_is_put_right_before_the_next(place: Place) -> None:
    some(place, 3, 10)

    names = [name for name, _ in place.events]
    assert [name.split()[1] for name in names] == ["broken", "healed"] * 10
    assert [name.split()[0] for name in names[::2]] == [name.split()[0] for name in names[1::2]]


def test_a_seed_repeats_the_kinds(place: Place) -> None:
    some(place, 7, 20)
    first = list(place.events)
    place.events.clear()
    place.now = 1000.0
    some(place, 7, 20)

    assert place.events == first


def test_no_kind_is_left_out_but_those_that_need_another_database() -> None:
    assert {*FAULTS} - {*week.KINDS} == {"database failed over to a standby", "database's disk full"}
