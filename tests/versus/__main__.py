"""Run the comparison and write its table and picture into the docs."""

import argparse
import os
import platform
from pathlib import Path

from support.charts import REPOSITORY
from support.cluster import Cluster
from support.marked_pages import put

from versus import report
from versus.arena import KEDA, arena
from versus.contenders import CONTENDERS, MAXIMUM
from versus.crew import GRACE_SECONDS, SLOTS
from versus.figures import Figures, row
from versus.loads import NAMES, named

PAGE = REPOSITORY / "docs/autoscaling.md"
PICTURE = REPOSITORY / "docs/versus.svg"
KEPT = REPOSITORY / "docs/versus.json"


def main() -> None:
    """Run what the arguments name; with all of it, the docs are written."""
    arguments = _arguments()
    loads = named(arguments.bookings)
    chosen = {name: loads[name] for name in arguments.loads or loads}
    known = report.read(KEPT) if arguments.add and KEPT.exists() else {}
    outcomes: dict[str, dict[str, list[Figures]]] = {
        load: {name: list(known.get(load, {}).get(name, ())) for name in CONTENDERS}
        for load in NAMES
        if load in known or load in chosen
    }
    cluster = Cluster(arguments.kubeconfig)
    with arena(cluster, arguments.namespace, arguments.image, arguments.keda) as place:
        for run in range(arguments.runs):
            for load, arrivals in chosen.items():
                for name in arguments.contenders or CONTENDERS:
                    print(f"run {run + 1} of {arguments.runs}, {load}, {name} …", flush=True)
                    runs = outcomes[load][name]
                    # A run more has another seed, and all contenders have the same seeds.
                    done = place.run(CONTENDERS[name], arrivals(len(runs)))
                    runs.append(done)
                    print("  " + " | ".join(row(load, name, [done])), flush=True)
                    report.write(outcomes, KEPT)
    text = f"{_caption(report.days(outcomes))}\n\n{report.table(outcomes)}"
    print(text)
    if arguments.write:
        put(f"{text}\n\n![Pods over time, by load]({PICTURE.name})", PAGE, report.BEGIN, report.END)
        report.draw(outcomes, PICTURE)


def _caption(days: str) -> str:
    machine = f"{days}, Linux {platform.release()}, {os.cpu_count()} processors"
    return (
        f"{machine}, kind, KEDA 2.21.0; pods of {SLOTS} slots, at most {MAXIMUM}, "
        f"grace {GRACE_SECONDS} s; medians of the runs, the last two columns are sums."
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="versus", description=__doc__)
    parser.add_argument("--kubeconfig", type=Path, required=True, help="of a cluster that has hotel's images")
    parser.add_argument("--image", required=True, help="hotel-worker's image")
    parser.add_argument("--namespace", default="versus", help="of the release")
    parser.add_argument("--keda", default=KEDA, help="manifest of KEDA, if it is not installed: file or URL")
    parser.add_argument("--bookings", type=Path, help="CSV of hotel bookings, for the load of that name")
    parser.add_argument("--loads", nargs="*", choices=NAMES, help="default: all")
    parser.add_argument("--contenders", nargs="*", choices=CONTENDERS, help="default: all")
    parser.add_argument("--runs", type=int, default=3, help="of each load and contender (3)")
    parser.add_argument("--add", action="store_true", help=f"to the runs in {KEPT.name}; else they go")
    parser.add_argument("--write", action="store_true", help="put table and picture into docs/")
    return parser.parse_args()


if __name__ == "__main__":
    main()
