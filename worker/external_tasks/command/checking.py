"""Compare a worker with the models that it works for."""

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from external_tasks.command import models, sources
from external_tasks.command.errors import CommandError
from external_tasks.command.loading import load
from external_tasks.command.models import Call, Catcher, Element, ExternalTaskElement, Model
from external_tasks.command.sources import SourceFacts
from external_tasks.handlers.outcomes import TASK_ERROR
from external_tasks.handlers.router import Registration, TaskRouter
from external_tasks.visible import visible
from external_tasks.worker import Worker

_OTHERS_SHOWN = 5
_DOUBT = "note, as far as the code can be read: "

Part = TypeVar("Part", bound=Element)


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit; a doubt is what cannot be decided without running."""

    text: str
    is_doubt: bool = False


def check(target: str, files: Sequence[Path], start_variables: Collection[str]) -> int:
    """Print what does not fit between a worker and the models, and return the exit code.

    Raises:
        CommandError: the worker or a model cannot be read.
    """
    found = load(target)
    registrations = found.registrations
    if not registrations:
        raise CommandError(f"{target} has no handler: register one with @{target.partition(':')[2]}.task(…)")
    read = [models.read(file) for file in files]
    listed = list(findings(found, read, start_variables))
    for each in listed:
        sys.stdout.write(f"{_DOUBT if each.is_doubt else ''}{visible(each.text)}\n")
    wrong = sum(not each.is_doubt for each in listed)
    topics = {task.topic for model in read for task in model.tasks}
    sys.stdout.write(
        f"handlers: {len(registrations)}, topics: {len(topics)}, models: {len(read)}; "
        f"{f'{wrong} to mend' if wrong else 'they fit'}\n"
    )
    return 1 if wrong else 0


def findings(
    router: TaskRouter, read: Sequence[Model], start_variables: Collection[str]
) -> Iterator[Finding]:
    """Yield what does not fit between handlers and models."""
    registrations = router.registrations
    facts = {topic: sources.read(entry.handler) for topic, entry in registrations.items()}
    yield from _topics(registrations, read)
    yield from _variables(registrations, facts, read, start_variables)
    errors = _Errors(facts, _after_retries(router), read)
    for model in read:
        yield from errors.uncaught(model)
        yield from errors.unraised(model)


def _after_retries(router: TaskRouter) -> dict[str, str | None]:
    """Return by topic what follows used-up retries; None where the worker of a router decides."""
    default = router.on_retries_exhausted if isinstance(router, Worker) else None
    return {topic: entry.on_retries_exhausted or default for topic, entry in router.registrations.items()}


def _topics(registrations: Mapping[str, Registration], read: Sequence[Model]) -> Iterator[Finding]:
    known = set()
    for model, task in _tasks(read):
        if not task.topic_is_known:
            yield Finding(f"{model.file}: {task.id}: the topic {task.topic} is known at run time only", True)
        elif not task.topic:
            yield Finding(f"{model.file}: {task.id} is an external task without a topic: add camunda:topic")
        elif task.topic not in registrations:
            yield Finding(f"{model.file}: {task.id}: topic {task.topic!r} has no handler")
        known.add(task.topic)
    any_unknown = any(not task.topic_is_known for _, task in _tasks(read))
    for topic in registrations:
        if topic not in known:
            yield Finding(f"handler of {topic!r}: no model has a task with this topic", any_unknown)


def _variables(
    registrations: Mapping[str, Registration],
    facts: Mapping[str, SourceFacts],
    read: Sequence[Model],
    start_variables: Collection[str],
) -> Iterator[Finding]:
    by_models = {name for model in read for name in model.variables}
    by_handlers = {name for each in facts.values() for name in each.results}
    others = list(_sets_others(registrations, facts, read))
    more = len(others) - _OTHERS_SHOWN
    by_others = (
        "; these may set it: " + ", ".join(others[:_OTHERS_SHOWN]) + (f" and {more} more" * (more > 0))
    )
    wanted: dict[str, list[str]] = {}
    for topic, entry in registrations.items():
        for name in entry.required:
            if name not in by_models | by_handlers and name not in start_variables:
                wanted.setdefault(name, []).append(topic)
    for name, topics in wanted.items():
        yield Finding(
            f"variable {name!r}, which the handler of {', '.join(topics)} needs, "
            "is set by no model and no handler: "
            f"if the process is started with it, add --start-variables {name}{by_others if others else ''}",
            bool(others),
        )


def _sets_others(
    registrations: Mapping[str, Registration], facts: Mapping[str, SourceFacts], read: Sequence[Model]
) -> Iterator[str]:
    """Yield what may set variables whose names cannot be read."""
    processes = {name for model in read for name in model.processes}
    for model in read:
        by_others = {task.id for task in model.tasks if task.topic not in registrations}
        by_calls = {call.id for call in model.calls if call.takes_all and call.called not in processes}
        for name in dict.fromkeys((*model.sets_others, *sorted(by_others | by_calls))):
            yield f"{model.file}: {name}"
    for topic, each in facts.items():
        if each.sets_others:
            yield f"the handler of {topic}"


class _Errors:
    """Who raises which error, and who catches it, across the processes that call each other.

    Args:
        facts: of the handlers' code, by topic.
        after_retries: what follows used-up retries, by topic.
        read: the models.
    """

    def __init__(
        self,
        facts: Mapping[str, SourceFacts],
        after_retries: Mapping[str, str | None],
        read: Sequence[Model],
    ) -> None:
        self._facts = facts
        self._after_retries = after_retries
        self._read = read

    def uncaught(self, model: Model) -> Iterator[Finding]:
        for task in model.tasks:
            facts = self._facts.get(task.topic)
            for code in sorted(facts.codes) if facts else ():
                yield from self._uncaught(model, task, code, f"its handler raises {code!r}")
            if self._after_retries.get(task.topic) == "bpmn_error":
                what = f"its handler raises {TASK_ERROR!r} when its retries are used up"
                yield from self._uncaught(model, task, TASK_ERROR, what)
        for thrower in model.failures_to_errors:
            if thrower.code is not None:
                what = f"the model turns its failure into {thrower.code!r}"
                yield from self._uncaught(model, thrower, thrower.code, what)

    def _uncaught(self, model: Model, element: Element, code: str, what: str) -> Iterator[Finding]:
        caught = self._is_caught(model, element, code, frozenset())
        if caught is not True:
            yield Finding(
                f"{model.file}: {element.id}: {what}, which no event catches: "
                "the engine would end the path there without a word",
                caught is None,
            )

    def unraised(self, model: Model) -> Iterator[Finding]:
        for catcher in model.catchers:
            if catcher.code is None:
                continue
            raised = self._is_raised(model, catcher.of, catcher.code, frozenset(), _handled_in(catcher))
            if raised is not True:
                for_retries = ': set on_retries_exhausted="bpmn_error" for its topics'
                yield Finding(
                    f"{model.file}: {catcher.id} catches {catcher.code!r}, which no handler raises"
                    f"{for_retries if catcher.code == TASK_ERROR else ''}",
                    raised is None,
                )

    def _is_caught(
        self, model: Model, element: Element, code: str, seen: frozenset[tuple[Path, str]]
    ) -> bool | None:
        """Whether an event catches a code that comes out of an element; None where that cannot be known."""
        for scope in element.around:
            for catcher in model.catchers:
                # An event subprocess does not catch what it raises itself.
                inside = _handled_in(catcher) in element.around
                if catcher.of == scope and catcher.code in {None, code} and not inside:
                    return True
        process = element.around[-1]
        found: list[bool | None] = []
        for caller in self._read:
            for call in caller.calls:
                if (caller.file, call.id) not in seen and call.called in {None, process}:
                    caught = self._is_caught(caller, call, code, seen | {(caller.file, call.id)})
                    # A call of a process that an expression names may be one of this process.
                    found.append(caught if call.called or not caught else None)
        return _any(found)

    def _is_raised(
        self, model: Model, scope: str, code: str, seen: frozenset[str], outside: str | None = None
    ) -> bool | None:
        """Whether a code may be raised within an element; None where that cannot be known.

        Args:
            model: that the element is in.
            scope: the element.
            code: what to look for.
            seen: processes that are looked into already.
            outside: an element inside of that one which does not count.
        """
        found: list[bool | None] = [
            self._is_raised_by_handler(task.topic, code) for task in _inside(model.tasks, scope, outside)
        ]
        found += (
            None if thrower.code is None else thrower.code == code
            for thrower in _inside(model.throwers, scope, outside)
        )
        found += (self._is_raised_by_call(call, code, seen) for call in _inside(model.calls, scope, outside))
        return _any(found)

    def _is_raised_by_handler(self, topic: str, code: str) -> bool | None:
        facts = self._facts.get(topic)
        if facts is None:
            return None
        after_retries = self._after_retries[topic]
        if code in facts.codes or (code == TASK_ERROR and after_retries == "bpmn_error"):
            return True
        return None if facts.raises_others or (code == TASK_ERROR and after_retries is None) else False

    def _is_raised_by_call(self, call: Call, code: str, seen: frozenset[str]) -> bool | None:
        called = call.called
        models = [model for model in self._read if called in model.processes]
        if called is None or not models:
            return None
        if called in seen:
            return False
        return _any([self._is_raised(model, called, code, seen | {called}) for model in models])


def _any(found: Sequence[bool | None]) -> bool | None:
    """Return True if one is, else None if one is not known, else False."""
    return True if True in found else None if None in found else False


def _handled_in(catcher: Catcher) -> str | None:
    """Return the event subprocess that a start event begins; None for a boundary event."""
    return catcher.parents[-1] if len(catcher.parents) > 1 and catcher.of == catcher.parents[-2] else None


def _tasks(read: Sequence[Model]) -> Iterator[tuple[Model, ExternalTaskElement]]:
    for model in read:
        for task in model.tasks:
            yield model, task


def _inside(parts: Sequence[Part], scope: str, outside: str | None) -> Iterator[Part]:
    return (part for part in parts if scope in part.around and outside not in part.around)
