"""The outcome as a table and a picture, in the docs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from versus.figures import COLUMNS, Figures, Sample, row

BEGIN, END = "<!-- versus: written by `make versus` -->", "<!-- versus: end -->"
Outcomes = Mapping[str, Mapping[str, Sequence[Figures]]]
"""The runs of each contender under each load."""


def write(outcomes: Outcomes, file: Path) -> None:
    """Keep the runs as JSON, times to the millisecond."""
    plain = {
        load: {name: [_rounded(asdict(run)) for run in runs] for name, runs in by.items()}
        for load, by in outcomes.items()
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(plain) + "\n")


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(part) for part in value]
    return round(value, 3) if isinstance(value, float) else value


def days(outcomes: Outcomes) -> str:
    """Return the first and the last day of all runs, as one date where they are the same."""
    found = sorted(run.day for by in outcomes.values() for runs in by.values() for run in runs)
    return " to ".join(dict.fromkeys([found[0], found[-1]]))


def read(file: Path) -> Outcomes:
    """Read what `write` has kept."""
    plain: dict[str, dict[str, list[dict[str, Any]]]] = json.loads(file.read_text())
    return {
        load: {name: [_figures(run) for run in runs] for name, runs in by.items()}
        for load, by in plain.items()
    }


def _figures(plain: dict[str, Any]) -> Figures:
    samples = tuple(Sample(**sample) for sample in plain["samples"])
    return Figures(**{**plain, "waits": tuple(plain["waits"]), "samples": samples})


def table(outcomes: Outcomes) -> str:
    """Return the table as Markdown."""
    rows = [row(load, name, runs) for load, by in outcomes.items() for name, runs in by.items() if runs]
    lines = [COLUMNS, ("---",) * len(COLUMNS), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def draw(outcomes: Outcomes, file: Path) -> None:
    """Draw the pods over time: a row for each load, a line for each contender's first run."""
    figure = Figure(figsize=(10, 2.4 * len(outcomes)), layout="constrained")
    FigureCanvasAgg(figure)
    rows = figure.subplots(len(outcomes), squeeze=False)[:, 0]
    for axes, (load, by) in zip(rows, outcomes.items(), strict=True):
        for name, runs in by.items():
            if runs:
                samples = runs[0].samples
                axes.step([s.at for s in samples], [s.pods for s in samples], where="post", label=name)
        axes.set_title(load, loc="left", fontsize="medium")
        axes.set_ylabel("pods")
        axes.set_ylim(bottom=0)
        axes.legend(fontsize="small")
    rows[-1].set_xlabel("seconds from the first arrival")
    figure.savefig(file, metadata={"Date": None})
