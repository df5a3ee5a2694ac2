"""Random agent programs, as data, and how they are run against the simulated server."""

import contextlib
from dataclasses import dataclass

import openai
from hypothesis import strategies as st

import agentgauge as ag

AGENTS = ("planner", "researcher", "writer")
ROLES = ("responder", "memory")
MODELS = ("gpt-4o-mini", "gpt-4.1", "o3-mini", "a-model-nobody-knows")
MESSAGES = [{"role": "user", "content": "Tell me about refunds."}]
TOOL_NAMES = ("search", "fetch")
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": f"{name} things",
            "parameters": {"type": "object", "properties": {"q": {"type": "string"}}},
        },
    }
    for name in TOOL_NAMES
]


@dataclass(frozen=True)
class ModelCall:
    model: str
    kind: str  # chat, tools, stream, embeddings, failing, retried
    key: str = ""


@dataclass(frozen=True)
class Inside:
    kind: str  # agent, role, step, tool, workflow
    name: str
    body: tuple


calls = st.builds(
    ModelCall,
    st.sampled_from(MODELS),
    st.sampled_from(("chat", "tools", "stream", "embeddings", "failing", "retried")),
)
_names = {"agent": AGENTS, "role": ROLES, "step": ("one", "two"), "tool": TOOL_NAMES, "workflow": ("job",)}


def _scope(body):
    return st.one_of(
        [
            st.builds(Inside, st.just(kind), st.sampled_from(names), st.lists(body, max_size=3).map(tuple))
            for kind, names in _names.items()
        ]
    )


programs = st.lists(st.recursive(calls, _scope, max_leaves=8), min_size=1, max_size=4).map(tuple)


class Runner:
    """Runs programs; each agent has an API key of its own, so that the server's books are by agent."""

    def __init__(self, server):
        self.server = server
        self.clients = {
            agent: openai.OpenAI(base_url=f"{server.url}/v1", api_key=f"sim-{agent}", max_retries=1)
            for agent in (*AGENTS, "unattributed")
        }

    def close(self):
        for client in self.clients.values():
            client.close()

    def run(self, program, agent="unattributed"):
        for part in program:
            if isinstance(part, Inside):
                with getattr(ag, part.kind)(part.name):
                    self.run(part.body, part.name if part.kind == "agent" else agent)
            else:
                self.call(part, agent)

    def call(self, call, agent):
        client, ask = self.clients[agent], {"model": call.model, "messages": MESSAGES}
        if call.kind == "embeddings":
            client.embeddings.create(model=call.model, input="a text")
            return
        if call.kind in {"failing", "retried"}:
            rule = {"status": 400} if call.kind == "failing" else {"status": 500, "retry_after_ms": 1}
            self.server.script.load({"api_key": f"sim-{agent}", "rules": [rule]})
        with contextlib.suppress(openai.BadRequestError):
            if call.kind == "stream":
                list(
                    client.chat.completions.create(**ask, stream=True, stream_options={"include_usage": True})
                )
            else:
                client.chat.completions.create(**ask, tools=TOOLS if call.kind == "tools" else openai.omit)
