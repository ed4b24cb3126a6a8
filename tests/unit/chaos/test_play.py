"""The load: what is asked for beside it counts as its own."""

from typing import Any

from chaos.history import History
from chaos.play import Load, steady


class Client:
    """Acknowledges every reservation."""

    def __init__(self) -> None:
        self.references: list[str] = []

    def create_reservation(self, fields: dict[str, Any], *, wait: bool) -> None:
        assert not wait
        self.references.append(fields["reservation_ref"])

    def cancel(self, reference: str, *, wait: bool) -> None:
        """Acknowledge that as well."""


def load(client: Client) -> Load:
    return Load(client, client, History(), 7, "burst", 40, 2)  # type: ignore[arg-type]  # it acts as one


def test_reservations_of_a_burst_have_names_of_their_own_and_count_with_the_others() -> None:
    client = Client()
    whole = load(client)

    whole.play([0.0] * 5)
    whole.beside().play([0.0] * 5)

    assert whole.played.acknowledged == set(client.references)
    assert len(whole.played.acknowledged) == 10
    assert all(reference.startswith(f"{whole.played.name}-") for reference in client.references)


def test_a_rate_lasts_as_long_as_asked() -> None:
    moments = steady(8, 10)

    assert len(moments) == 80
    assert 9.8 < moments[-1] < 10
