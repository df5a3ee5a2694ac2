"""The public ways to open a scope: each is a context manager and a decorator."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast, overload

from agentgauge import ledger
from agentgauge.guard import warn_once
from agentgauge.labels import clean_label, clean_text
from agentgauge.scopes.scope import Opening, Scope
from agentgauge.scopes.wrap import F, wrap

if TYPE_CHECKING:
    from types import TracebackType

MOST_TAGS = 32


class Opener:
    """What `workflow(...)`, `agent(...)` and the others return: use it in a `with`, or above a function.

    A `with` opens one scope; a decorated function opens a new one at each call.
    """

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._entered: list[Scope] = []

    def __call__(self, function: F) -> F:
        """The function, run in this scope at each call; signature, kind and types are kept."""
        return cast("F", wrap(function, partial(Scope, self._opening)))

    def __enter__(self) -> Scope:
        scope = Scope(self._opening)
        self._entered.append(scope)
        return scope.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if (scope := self._innermost()) is not None:
            scope.__exit__(kind, error, trace)

    def _innermost(self) -> Scope | None:
        """The scope to leave: the running thread's or task's own, when several have entered."""
        if not self._entered:
            return None  # left twice, or never entered
        owners = [account.owner for account in ledger.current().chain()]
        scope = next((own for own in owners if own in self._entered), self._entered[-1])
        assert isinstance(scope, Scope)
        self._entered.remove(scope)
        return scope

    async def __aenter__(self) -> Scope:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)


def workflow(
    name: str,
    *,
    id: str | None = None,  # noqa: A002  # the word that users of workflows have for it
    tags: Mapping[str, str] | None = None,
    session_id: str | None = None,
    user_id: str | None = None,
    conversation_id: str | None = None,
) -> Opener:
    """The outermost unit of work: a run, a trial, a request.

    A workflow inside another has a row of its own in the report, and the outer's row leaves its calls out;
    `.usage` of the outer one has them.

    Args:
        name: what is run; one of few, since it is a label.
        id: which one; any text.
        tags: team, customer, feature …; at most 32. They are on spans and in the store, not in metrics.
        session_id: `session.id` of all inside.
        user_id: `user.id` of all inside.
        conversation_id: `gen_ai.conversation.id` of all inside.
    """
    label = clean_label(name)
    bounded = [(clean_label(key, most=64), clean_label(value)) for key, value in _mapping(tags).items()]
    origin: dict[str, Any] = {
        "workflow": label,
        "workflow_id": clean_label(id) if id is not None else None,
        "tags": tuple(bounded[:MOST_TAGS]),
    }
    for key, value in (
        ("session_id", session_id),
        ("user_id", user_id),
        ("conversation_id", conversation_id),
    ):
        if value is not None:
            origin[key] = clean_label(value)
    attributes = {"gen_ai.operation.name": "invoke_workflow"}
    return Opener(
        Opening("workflow", label, f"invoke_workflow {label}", origin=origin, attributes=attributes)
    )


def agent(
    name: str,
    *,
    role: str | None = None,
    description: str | None = None,
    id: str | None = None,  # noqa: A002  # gen_ai.agent.id
) -> Opener:
    """One agent's turn or task; calls inside are its calls.

    Args:
        name: the agent, one of few, since it is a label.
        role: what it is for: responder, memory, planner, judge …; inherited by what is inside.
        description: `gen_ai.agent.description`.
        id: `gen_ai.agent.id`.
    """
    label = clean_label(name)
    origin = {"role": clean_label(role)} if role is not None else {}
    attributes = {
        "gen_ai.operation.name": "invoke_agent",
        **_texts({"gen_ai.agent.description": description, "gen_ai.agent.id": id}),
    }
    return Opener(Opening("agent", label, f"invoke_agent {label}", origin=origin, attributes=attributes))


@overload
def tool(name: F, /) -> F: ...


@overload
def tool(name: str | None = None, /, *, type: str = "function", call_id: str | None = None) -> Opener: ...


def tool(
    name: Any = None,
    /,
    *,
    type: str = "function",  # noqa: A002  # gen_ai.tool.type
    call_id: str | None = None,
) -> Any:
    """Marks the code that runs when a model asks for it; bare, it takes the function's name.

    Args:
        name: the tool, as the model knows it.
        type: `gen_ai.tool.type`: function, extension or datastore.
        call_id: `gen_ai.tool.call.id`, the id that the model gave this call.
    """
    if callable(name) or isinstance(name, classmethod):
        return wrap(name, partial(Scope, _tool_opening(getattr(name, "__name__", "tool"), type, call_id)))
    if name is None:
        return _NamedByFunction(type, call_id)
    return Opener(_tool_opening(name, type, call_id))


def _tool_opening(name: str, kind: str, call_id: str | None) -> Opening:
    label = clean_label(name)
    attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": label,
        "gen_ai.tool.type": clean_label(kind, most=64),
        **_texts({"gen_ai.tool.call.id": call_id}),
    }
    return Opening("tool", label, f"execute_tool {label}", attributes=attributes)


class _NamedByFunction(Opener):
    """`@tool()` without a name."""

    def __init__(self, kind: str, call_id: str | None) -> None:
        super().__init__(_tool_opening("tool", kind, call_id))
        self._kind, self._call_id = kind, call_id

    def __call__(self, function: F) -> F:
        name = getattr(function, "__name__", "tool")
        return cast("F", wrap(function, partial(Scope, _tool_opening(name, self._kind, self._call_id))))


def step(name: str, *, index: int | None = None, count: int | None = None, planning: bool = False) -> Opener:
    """A numbered part of a task.

    Args:
        name: what is done.
        index: which one, from 1.
        count: of how many.
        planning: the step in which an agent plans; its span is `plan {agent}`.
    """
    label = clean_label(name)
    noted = {k: v for k, v in (("index", index), ("count", count)) if isinstance(v, int)}
    attributes = {"agentgauge.step.name": label, **{f"agentgauge.step.{k}": v for k, v in noted.items()}}
    span_name = None if planning else f"step {label}"
    return Opener(
        Opening("step", label, span_name, origin={"step": label}, attributes=attributes, details=noted)
    )


def role(name: str) -> Opener:
    """Says what the calls inside are for, whoever makes them.

    Args:
        name: memory, planner, judge …; e.g. around an opaque library's call.
    """
    label = clean_label(name)
    return Opener(Opening("role", label, f"role {label}", origin={"role": label}))


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    return {key: clean_text(value) for key, value in values.items() if value is not None}


def _mapping(tags: object) -> Mapping[object, object]:
    if isinstance(tags, Mapping):
        return tags
    if tags is not None:
        warn_once("tags", 'workflow(tags=...) takes a mapping such as {"team": "cs"}; others are left out.')
    return {}
