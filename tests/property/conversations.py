"""Random conversations of an agent that works in iterations, and how they are held with a real client."""

import json
from dataclasses import dataclass

import openai
from hypothesis import strategies as st
from programs import TOOL_NAMES, TOOLS

import agentgauge as ag

CUT = 3  # chunks, after which a stream that is left has been read


@dataclass(frozen=True)
class Turn:
    """One request: what the model answers, what its tools give back, and how the usage is told."""

    asks: tuple[str, ...]
    results: tuple[str, ...]
    stream: str  # no, told, untold, left
    usage: str  # told, cached, none, prompt_only


turns = st.builds(
    Turn,
    st.lists(st.sampled_from(TOOL_NAMES), max_size=2).map(tuple),
    st.lists(st.text("abc äö 日本\n{}", max_size=60), min_size=2, max_size=2).map(tuple),
    st.sampled_from(("no", "no", "told", "untold", "left")),
    st.sampled_from(("told", "cached", "cached", "none", "prompt_only")),
)
conversations = st.lists(turns, min_size=1, max_size=6).map(tuple)


def rule_of(turn, number):
    """How the server answers a turn; the numbers are no tokenizer's."""
    calls = [{"name": name, "arguments": {"q": f"{name} {number}"}} for name in turn.asks]
    usage = {"told": "table", "cached": cached_usage(number)}.get(turn.usage, turn.usage)
    rule = {"usage": usage, "tool_calls": calls} if calls else {"usage": usage, "answer": "Done. " * number}
    return rule | ({"stall_after_chunks": CUT} if turn.stream == "left" else {})


def cached_usage(number):
    """A usage most of whose input was in the cache."""
    given, made = 1000 + 300 * number, 10 + 7 * number
    return {
        "prompt_tokens": given,
        "completion_tokens": made,
        "total_tokens": given + made,
        "prompt_tokens_details": {"cached_tokens": given - 100},
        "completion_tokens_details": {"reasoning_tokens": number},
    }


def hold(conversation, client):
    """Holds it as the agent `worker`, a step a turn; returns the usage of each step and of the agent."""
    messages = [{"role": "user", "content": "Where is my parcel?"}]
    steps = []
    with ag.agent("worker") as worker:
        for number, turn in enumerate(conversation, start=1):
            with ag.step(f"turn {number}", index=number, count=len(conversation)) as step:
                _ask(turn, messages, client)
            steps.append((step.usage, worker.usage))
            messages += _carried(turn, number)
    return steps


def _ask(turn, messages, client):
    ask = {"model": "gpt-4o-mini", "messages": messages, "tools": TOOLS}
    if turn.stream == "no":
        client.chat.completions.create(**ask)
        return
    options = {"include_usage": True} if turn.stream == "told" else openai.omit
    with client.chat.completions.create(**ask, stream=True, stream_options=options) as stream:
        for read, _ in enumerate(stream, start=1):
            if turn.stream == "left" and read == CUT:
                break


def _carried(turn, number):
    """What the next request sends again: the model's calls and their results, or its answer."""
    if not turn.asks:
        return [{"role": "assistant", "content": "Done. "}, {"role": "user", "content": "And then?"}]
    ids = [f"call_{number}_{place}" for place, _ in enumerate(turn.asks)]
    calls = [
        {
            "id": identity,
            "type": "function",
            "function": {"name": name, "arguments": json.dumps({"q": f"{name} {number}"})},
        }
        for identity, name in zip(ids, turn.asks, strict=True)
    ]
    results = zip(ids, turn.results, strict=False)
    return [
        {"role": "assistant", "content": None, "tool_calls": calls},
        *({"role": "tool", "tool_call_id": identity, "content": text} for identity, text in results),
    ]
