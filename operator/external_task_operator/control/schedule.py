"""At which part of its interval each scaler is polled."""

from collections.abc import Iterable
from zlib import crc32

from external_task_operator.control.scaler import Scaler


def spread(scalers: Iterable[Scaler]) -> None:
    """Spread the scalers over their intervals, those together that share a topic, so that it is read once."""
    leaders: dict[tuple[str, str], tuple[str, str]] = {}

    def leader(topic: tuple[str, str]) -> tuple[str, str]:
        while leaders.setdefault(topic, topic) != topic:
            leaders[topic] = leaders[leaders[topic]]
            topic = leaders[topic]
        return topic

    valid = [(scaler, sorted(scaler.spec.topics)) for scaler in scalers if scaler.spec]
    for scaler, (one, *others) in valid:
        for other in others:
            first, second = sorted((leader((scaler.engine_key, one)), leader((scaler.engine_key, other))))
            leaders[second] = first
    for scaler, (one, *_) in valid:
        together = "|".join(leader((scaler.engine_key, one)))
        scaler.phase = crc32(together.encode()) / 2**32
