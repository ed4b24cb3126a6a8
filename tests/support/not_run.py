"""The commands of README and docs that the newcomer's walk does not run, and why: the only list of them.

A command is listed by how it begins; the longest beginning counts.
"""

CLUSTER = "needs a cluster: tests/e2e runs it or its like"
DOCKER = "needs Docker: tests/e2e builds the images"
SUITE = "a suite of tests of its own"
BOOKINGS = (
    "needs a file of bookings that is not in the repository: tests/integration/stack/test_replay.py has one"
)
PUBLISHES = "sends to a place of the reader's: tests/release runs it with a registry on this machine"
LIBRARY = "tests/integration/external_tasks/test_command.py and test_examples.py run it on an engine"
RECEIVES = "needs a published release: tests/release checks one in the same way"
SERVICES = "tests/unit/hotel_services and tests/integration/services ask each service alone"

REASONS = {
    "kubectl ": CLUSTER,
    "helm ": CLUSTER,
    "make kind": CLUSTER,
    "tail ": "is for the backup before it, which needs a cluster",
    "hotel --namespace hotel ": CLUSTER,
    "docker build ": DOCKER,
    "make push-images": DOCKER,
    "make release-images": DOCKER,
    "make base-images": "needs the registries of the base images: tests/unit/supply_chain/test_bases.py",
    "git commit ": "commits what the command before wrote",
    "make test": SUITE,
    "make lint-chart": SUITE,
    "make e2e": SUITE,
    "make chaos": SUITE,
    "make chart-life": SUITE,
    ".venv/bin/pytest tests/chart --update-golden": SUITE,
    "hotel replay ": BOOKINGS,
    "hotel-operator simulate ": BOOKINGS,
    "make version ": PUBLISHES,
    "make release ": PUBLISHES,
    "cosign ": RECEIVES,
    "sha256sum ": RECEIVES,
    "python shop.py": "tests/integration/external_tasks/test_documentation.py runs this program on an engine",
    "export ENGINE_PASSWORD=": "is for the program above",
    "external-tasks ": LIBRARY,
    "cd shop": "is for the commands after it",
    "hotel retry ": "needs an incident: tests/integration/stack/test_faults.py makes one",
    "make engine ": "the walk makes it by `make venv engine`",
    "MIGRATE_AT_START=true python -m hotel_services ": SERVICES,
    "curl ": SERVICES,
    "createdb ": SERVICES,
}


def reason(command: str) -> str | None:
    """Return why a command is not run, or None."""
    return next((why for begin, why in REASONS.items() if command.startswith(begin)), None)
