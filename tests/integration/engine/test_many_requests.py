from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from external_tasks.engine.model import TopicSubscription
from support.models import external_task, unique
from support.stacks import Engine

REQUESTS = 60
AT_ONCE = 12


def test_requests_at_once_read_and_write_times_as_one_alone_does(engine: Engine) -> None:
    """They share one mapper of JSON, and the dates in it have a format that is not for several threads."""
    key = unique("times")
    engine.client("deployer").deploy(key, {"times.bpmn": external_task(key, key)})
    client = engine.client("client")
    began = datetime(2031, 5, 17, 10, 30, 0, 250000, tzinfo=UTC)
    times = [began + timedelta(days=day, seconds=day) for day in range(REQUESTS)]

    def start(time: datetime) -> str:
        variables = {"time": {"type": "Date", "value": written(time)}}
        return str(client.post(f"/process-definition/key/{key}/start", {"variables": variables})["id"])

    def read(instance: str) -> datetime:
        query = {"processInstanceId": instance, "startedBefore": written(times[-1])}
        assert [each["id"] for each in client.get("/history/process-instance", query)] == [instance]
        found = client.get("/history/variable-instance", {"processInstanceId": instance})
        return datetime.fromisoformat(found[0]["value"])

    with ThreadPoolExecutor(AT_ONCE) as threads:
        instances = list(threads.map(start, times))
        found = list(threads.map(read, instances))

    assert found == times
    tasks = engine.client("worker").fetch_and_lock("w", [TopicSubscription(key)], REQUESTS)
    assert {task.process_instance_id for task in tasks} == set(instances)


def written(time: datetime) -> str:
    """Return it as the REST API takes it, without a colon in the offset."""
    return time.isoformat(timespec="milliseconds")[:-6] + time.strftime("%z")
