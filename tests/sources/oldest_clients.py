"""The oldest clients that are recorded, each way on an agent of its own.

oldest_clients.py URL STORE
"""

import asyncio
import sys

import agentgauge as ag

url, store = sys.argv[1:]
ag.init("oldest-clients", store=store, providers={url.split("//")[1]: "anthropic"})

import anthropic  # noqa: E402
import groq  # noqa: E402
import mistralai  # noqa: E402

MESSAGES = [{"role": "user", "content": "Hello"}]
CLAUDE = {"model": "claude-sonnet-4-5", "max_tokens": 100, "messages": MESSAGES}
LLAMA = {"model": "llama-3.3-70b-versatile", "messages": MESSAGES}
MISTRAL = {"model": "mistral-large-latest", "messages": MESSAGES}


def claude(key):
    return anthropic.Anthropic(base_url=url, api_key=key).messages.create(**CLAUDE)


def claude_stream(key):
    with anthropic.Anthropic(base_url=url, api_key=key).messages.stream(**CLAUDE) as stream:
        stream.get_final_message()


def claude_raw_stream(key):
    client = anthropic.Anthropic(base_url=url, api_key=key)
    list(client.messages.with_raw_response.create(**CLAUDE, stream=True).parse())


async def async_claude_stream(key):
    async with anthropic.AsyncAnthropic(base_url=url, api_key=key) as client:
        async for _ in await client.messages.create(**CLAUDE, stream=True):
            pass


def llama(key):
    return groq.Groq(base_url=url, api_key=key).chat.completions.create(**LLAMA)


def llama_stream(key):
    list(groq.Groq(base_url=url, api_key=key).chat.completions.create(**LLAMA, stream=True))


async def async_llama(key):
    async with groq.AsyncGroq(base_url=url, api_key=key) as client:
        await client.chat.completions.create(**LLAMA)


def mistral(key):
    return mistralai.Mistral(server_url=url, api_key=key).chat.complete(**MISTRAL)


def mistral_stream(key):
    list(mistralai.Mistral(server_url=url, api_key=key).chat.stream(**MISTRAL))


def mistral_retry(key):
    backoff = mistralai.utils.BackoffStrategy(1, 10, 1.1, 5000)
    again = mistralai.utils.RetryConfig("backoff", backoff, retry_connection_errors=False)
    return mistralai.Mistral(server_url=url, api_key=key).chat.complete(**MISTRAL, retries=again)


async def async_mistral_stream(key):
    client = mistralai.Mistral(server_url=url, api_key=key)
    async for _ in await client.chat.stream_async(**MISTRAL):
        pass


def one_too_many(ask):
    """Asks twice within a budget that the first call spends."""
    try:
        with ag.budget(tokens=1):
            ask(), ask()
    except ag.BudgetExceeded:
        return
    raise AssertionError


WAYS = (
    claude, claude_stream, claude_raw_stream, llama, llama_stream, mistral, mistral_stream, mistral_retry,
)  # fmt: skip
for way in WAYS:
    with ag.agent(way.__name__):
        way(f"sim-{way.__name__}")
for way in (async_claude_stream, async_llama, async_mistral_stream):
    with ag.agent(way.__name__):
        asyncio.run(way(f"sim-{way.__name__}"))
for name, way in (("claude_retry", claude), ("llama_retry", llama)):
    with ag.agent(name):
        way(f"sim-{name}")
for name, way in (("claude_budget", claude), ("llama_budget", llama), ("mistral_budget", mistral)):
    with ag.agent(name):
        one_too_many(lambda way=way, name=name: way(f"sim-{name}"))
ag.shutdown()
