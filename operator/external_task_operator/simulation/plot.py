"""The outcomes as a picture; needs matplotlib, which the extra ``plot`` brings."""

from collections.abc import Sequence
from pathlib import Path

from external_task_operator.simulation.run import Outcome


class PlotError(Exception):
    """The picture cannot be made."""


def draw(outcomes: Sequence[Outcome], path: Path) -> None:
    """Draw waiting tasks and replicas of each outcome over time, one below the other.

    Raises:
        PlotError: matplotlib is not installed, or the file cannot be written.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - an extra
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise PlotError("a plot needs matplotlib: pip install 'hotel[plot]'") from error
    figure = Figure(figsize=(10, 2.6 * len(outcomes)), layout="constrained")
    FigureCanvasAgg(figure)
    all_axes = figure.subplots(len(outcomes), sharex=True, squeeze=False)[:, 0]
    for axes, outcome in zip(all_axes, outcomes, strict=True):
        times = [sample.at for sample in outcome.samples]
        axes.fill_between(
            times, [s.waiting for s in outcome.samples], color="tab:orange", alpha=0.5, step="post"
        )
        axes.set_ylabel("tasks waiting")
        axes.set_title(f"{outcome.policy}: wait p95 {outcome.wait_p95:.1f} s", loc="left", fontsize="medium")
        replicas = axes.twinx()
        replicas.step(times, [s.replicas for s in outcome.samples], where="post", color="tab:blue")
        replicas.set_ylabel("replicas", color="tab:blue")
        replicas.set_ylim(bottom=0)
    all_axes[-1].set_xlabel("seconds")
    try:
        figure.savefig(path)
    except (OSError, ValueError) as error:
        raise PlotError(f"{path} cannot be written: {error}") from error
