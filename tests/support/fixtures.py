"""Types of fixtures that tests share."""

from collections.abc import Callable

from external_tasks import Worker

# Makes workers with the settings that it is given; the fixture stops them after the test.
NewWorker = Callable[..., Worker]
