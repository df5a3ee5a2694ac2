"""Whatever a program sends, it gets what it would get without agentgauge, and the call is recorded."""

import pytest

from books import rows
from both_ways import run_both_ways

PROGRAM = """
HELLO = [{"role": "user", "content": "Hello"}]

def tool(name="search", parameters=None, **more):
    return {"type": "function", "function": {"name": name, "parameters": parameters or {}} | more}

node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}, "$defs": {}}
node["$defs"]["node"] = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}
deep = {}
for _ in range(200):
    deep = {"type": "object", "properties": {"a": deep}}
endless = {}
endless["self"] = endless

TOOLS = {
    "tools a text": "search",
    "tools of texts": ["search", None, 3],
    "tools of nulls": [{"type": "function", "function": None}, {"type": None}, {}],
    "tool without a name": [tool(name=None)],
    "tool with a number for a name": [tool(name=7)],
    "tool with a schema that is a list": [tool(parameters=[1, {"a": None}])],
    "tool with a recursive schema": [tool(parameters=node)],
    "tool with a deep schema": [tool(parameters=deep)],
    "tool with an endless schema": [tool(parameters=endless)],
    "tool with a long name": [tool(name="n" * 10_000)],
    "tool with control characters": [tool(name="a\\x00\\n\\x1b[31mb")],
    "tools of one name": [tool(), tool(description="again")],
    "five hundred tools": [tool(name=f"tool_{n}", description="one of many") for n in range(500)],
}
IMAGE = "data:image/png;base64," + "iVBORw0KGgo" * 20_000
MESSAGES = {
    "messages null": None,
    "messages a text": "Hello",
    "messages of nulls": [None, 3, "Hello", []],
    "messages empty": [],
    "content a number": [{"role": "user", "content": 7}],
    "content of strange parts": [{"role": "user", "content": [None, {"type": 4}, {"type": "text"}]}],
    "role a list": [{"role": ["user"], "content": "Hello"}],
    "a lone surrogate": [{"role": "user", "content": "half a \\ud83d pair"}],
    "two megabytes": [{"role": "user", "content": "lorem ipsum dolor " * 116_000}],
    "one letter two million times": [{"role": "user", "content": "a" * 2_000_000}],
    "an image": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": IMAGE}}]}],
    "a result of no call": [{"role": "tool", "tool_call_id": "nobody", "content": "Rain"}],
    "calls of nulls": [{"role": "assistant", "tool_calls": [None, {"function": {"arguments": 3}}]}],
    "calls a text": [{"role": "assistant", "tool_calls": "search", "function_call": 5}],
    "a thousand messages": HELLO * 1000,
}
for name, value in TOOLS.items():
    use(name, lambda c: c.chat.completions.create(model="gpt-4o-mini", messages=HELLO, tools=value).usage)
for name, value in MESSAGES.items():
    use(name, lambda c: c.chat.completions.create(model="gpt-4o-mini", messages=value).usage)
use("model null", lambda c: c.chat.completions.create(model=None, messages=HELLO).usage)
use("model a list", lambda c: c.chat.completions.create(model=["a"], messages=HELLO).usage)
use("model of 10,000 letters", lambda c: c.chat.completions.create(model="m" * 10_000, messages=HELLO).usage)
use("no arguments", lambda c: c.chat.completions.create())
EMBED = "text-embedding-3-small"
use("input of tokens", lambda c: c.embeddings.create(model=EMBED, input=[[1, 2], [3]]).usage)
use("input a number", lambda c: c.embeddings.create(model=EMBED, input=7).usage)
use("prompt of tokens", lambda c: c.completions.create(model="gpt-3.5-turbo-instruct", prompt=[1, 2]).usage)
use("strange items", lambda c: c.responses.create(model="gpt-4.1", input=[None, {"type": "x"}, 3]).usage)
use("a body of no JSON", lambda c: c.post("/chat/completions", content=b"\\xff", cast_to=object))
"""
# The client refuses these before anything is sent.
NEVER_SENT = {"tool with an endless schema", "no arguments", "a lone surrogate"}

pytestmark = pytest.mark.xdist_group("bad-requests")


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """What the program got with agentgauge and without, and its calls by case."""
    recorded, bare, store = run_both_ways(PROGRAM, tmp_path_factory.mktemp("requests"), rules={})
    return recorded, bare, store


def test_the_program_gets_what_it_would_get_without(ran):
    recorded, bare, _ = ran

    assert recorded == bare


def test_every_request_that_left_is_a_call_with_the_usage_that_was_told(ran):
    recorded, _, store = ran
    calls = {call["workflow_id"]: call for call in rows(store)}

    assert recorded.keys() - calls.keys() <= NEVER_SENT
    for name, call in calls.items():
        refused = "Error" in recorded[name]
        assert (name, call["outcome"]) == (name, "error" if refused else "ok")
        assert (name, call["usage_source"]) == (name, "none" if refused else "provider")


def test_tools_stay_within_their_call_and_their_names_are_labels(ran):
    tools = rows(ran[2], "SELECT * FROM call_tools")
    sums = {
        call["span_id"]: call["tool_definition_tokens"] + call["tool_result_tokens"] <= call["input_tokens"]
        for call in rows(ran[2], "SELECT * FROM calls WHERE outcome = 'ok'")
    }

    assert all(sums.values())
    assert all(len(tool["tool"]) <= 64 and tool["tool"].isprintable() for tool in tools)
    assert max(len([t for t in tools if t["span_id"] == span]) for span in sums) <= 65


def test_nothing_failed_inside(ran):
    # One of the prompts is too long for its model, which is said.
    assert [row["code"] for row in rows(ran[2], "SELECT code FROM warnings")] == ["context"]
