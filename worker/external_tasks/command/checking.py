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
from external_tasks.handlers.router import Registration

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
    registrations = load(target).registrations
    if not registrations:
        raise CommandError(f"{target} has no handler: register one with @{target.partition(':')[2]}.task(…)")
    read = [models.read(file) for file in files]
    found = list(findings(registrations, read, start_variables))
    for each in found:
        sys.stdout.write(f"{_DOUBT if each.is_doubt else ''}{each.text}\n")
    wrong = sum(not each.is_doubt for each in found)
    topics = {task.topic for model in read for task in model.tasks}
    sys.stdout.write(
        f"handlers: {len(registrations)}, topics: {len(topics)}, models: {len(read)}; "
        f"{f'{wrong} to mend' if wrong else 'they fit'}\n"
    )
    return 1 if wrong else 0


def findings(
    registrations: Mapping[str, Registration], read: Sequence[Model], start_variables: Collection[str]
) -> Iterator[Finding]:
    """Yield what does not fit between handlers and models."""
    facts = {topic: sources.read(entry.handler) for topic, entry in registrations.items()}
    yield from _topics(registrations, read)
    yield from _variables(registrations, facts, read, start_variables)
    errors = _Errors(facts, read)
    for model in read:
        yield from errors.uncaught(model)
        yield from errors.unraised(model)


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
    others = any(model.sets_any_variable for model in read) or any(
        each.sets_others for each in facts.values()
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
            f"if the process is started with it, add --start-variables {name}",
            others,
        )


class _Errors:
    """Who raises which error, and who catches it, across the processes that call each other."""

    def __init__(self, facts: Mapping[str, SourceFacts], read: Sequence[Model]) -> None:
        self._facts = facts
        self._read = read
        self._catchers: dict[str, list[Catcher]] = {}
        for model in read:
            for catcher in model.catchers:
                self._catchers.setdefault(catcher.of, []).append(catcher)

    def uncaught(self, model: Model) -> Iterator[Finding]:
        for task in model.tasks:
            facts = self._facts.get(task.topic)
            for code in sorted(facts.codes) if facts else ():
                if not self._is_caught(task, code, frozenset()):
                    yield Finding(
                        f"{model.file}: {task.id}: its handler raises {code!r}, which no event catches: "
                        "the engine would end the path there without a word"
                    )

    def unraised(self, model: Model) -> Iterator[Finding]:
        for catcher in model.catchers:
            if catcher.code in {None, TASK_ERROR}:
                continue
            raised, others = self._raised_in(catcher.of, frozenset())
            if catcher.code not in raised:
                yield Finding(
                    f"{model.file}: {catcher.id} catches {catcher.code!r}, which no handler raises", others
                )

    def _is_caught(self, element: Element, code: str, seen: frozenset[str]) -> bool:
        for scope in element.around:
            if any(catcher.code in {None, code} for catcher in self._catchers.get(scope, ())):
                return True
        process = element.around[-1]
        callers = [call for model in self._read for call in model.calls if call.called == process]
        return any(call.id not in seen and self._is_caught(call, code, seen | {call.id}) for call in callers)

    def _raised_in(self, scope: str, seen: frozenset[str]) -> tuple[set[str | None], bool]:
        """Return the codes that may be raised within an element, and whether there may be others."""
        raised: set[str | None] = set()
        others = False
        for model in self._read:
            for task in _inside(model.tasks, scope):
                facts = self._facts.get(task.topic)
                raised |= facts.codes if facts else set()
                others |= facts is None or facts.raises_others
            for thrower in _inside(model.throwers, scope):
                raised.add(thrower.code)
                others |= thrower.code is None
            for call in _inside(model.calls, scope):
                inner, unknown = self._raised_by(call, seen)
                raised |= inner
                others |= unknown
        return raised, others

    def _raised_by(self, call: Call, seen: frozenset[str]) -> tuple[set[str | None], bool]:
        if call.called is None or all(call.called not in model.processes for model in self._read):
            return set(), True
        if call.called in seen:
            return set(), False
        return self._raised_in(call.called, seen | {call.called})


def _tasks(read: Sequence[Model]) -> Iterator[tuple[Model, ExternalTaskElement]]:
    for model in read:
        for task in model.tasks:
            yield model, task


def _inside(parts: Sequence[Part], scope: str) -> Iterator[Part]:
    return (part for part in parts if scope in part.around)
