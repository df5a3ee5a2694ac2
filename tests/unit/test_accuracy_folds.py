"""The fit behind `make accuracy` finds constants that were planted, and never sees the tool set at hand."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from agentgauge.tokens.families import family_of

ACCURACY = Path(__file__).parents[1] / "accuracy"


@pytest.fixture
def accuracy(monkeypatch):
    monkeypatch.syspath_prepend(str(ACCURACY))
    return import_module


def recording(accuracy, number, *, total=0, **body):
    made = accuracy("recordings").Recording
    return made(str(number), "openai", "chat", "gpt-4o", {"messages": [], **body}, total)


def conversation(steps):
    asks = {"role": "user", "content": "Look it up, please."}
    call = {"id": "1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    step = [
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "x"},
    ]
    return [asks, *step * steps]


def test_planted_constants_are_found_among_rows_that_are_wrong(accuracy):
    fitted = accuracy("fitted")
    planted = fitted.with_constants(family_of("gpt-4o"), {"reply": 5, "pair": 31})
    rows = []
    for number in range(20):
        row = fitted.row_of(recording(accuracy, number, messages=conversation(number % 4)))
        told = fitted.count(row.prompt, planted) + (400 if number % 5 == 4 else 0)
        rows.append(replace(row, recording=replace(row.recording, total=told)))

    (found,) = fitted.fit(rows).values()

    assert (found["reply"], found["pair"]) == (5, 31)


def test_a_rare_constant_is_not_fitted_to_rows_of_another_template(accuracy):
    fitted = accuracy("fitted")
    shipped = family_of("gpt-4o")
    tools = [{"type": "function", "name": "look", "parameters": {}}]
    rows = []
    for number in range(30):
        choice = {"tool_choice": "required"} if number < 5 else {}
        made = recording(accuracy, number, tools=tools, **choice)
        request = {"input": "x", **{k: v for k, v in made.request.items() if k != "messages"}}
        row = fitted.row_of(replace(made, request=request, total=1))
        told = fitted.count(row.prompt, shipped) + (215 if number < 3 else 0)
        rows.append(replace(row, recording=replace(row.recording, total=told)))

    (found,) = fitted.fit(rows).values()

    assert found["responses_required"] == shipped.responses_required


def test_a_constant_that_no_row_has_stays_nothing(accuracy):
    fitted = accuracy("fitted")
    row = fitted.row_of(recording(accuracy, 1, total=99, messages=conversation(0)))
    (found,) = fitted.fit([row]).values()
    assert (found["pair"], found["tools"], found["responses_block"]) == (0, 0, 0)


def test_a_tool_set_is_in_one_fold_whatever_is_asked(accuracy):
    folds = accuracy("folds")

    def fold(tool, steps):
        tools = [{"type": "function", "function": {"name": f"tool_{tool}"}}]
        return folds.fold_of(recording(accuracy, 1, messages=conversation(steps), tools=tools))

    assert all(len({fold(tool, steps) for steps in range(4)}) == 1 for tool in range(20))
    assert {fold(tool, 0) for tool in range(40)} == set(range(folds.FOLDS))
