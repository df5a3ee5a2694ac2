"""Each client once in each of its ways, each way on an agent of its own; the real libraries.

every_client.py OPENAI_AND_ANTHROPIC_URL GEMINI_AND_CONVERSE_URL STORE
"""

import asyncio
import json
import os
import sys
import warnings

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
warnings.simplefilter("ignore")

import agentgauge as ag  # noqa: E402  # before any client, as programs do

url, other_url, store = sys.argv[1:]
host = url.split("//")[1]
other_host = other_url.split("//")[1]
vertex_url = other_url.replace("127.0.0.1", "localhost")
mistral_url = url.replace("127.0.0.1", "localhost")
hosts = {host: "anthropic", other_host: "aws.bedrock"}
for name, provider in ((vertex_url, "gcp.vertex_ai"), (mistral_url, "mistral_ai")):
    hosts[name.split("//")[1]] = provider
ag.init("every-client", store=store, providers=hosts)

import anthropic  # noqa: E402
import boto3  # noqa: E402
import groq  # noqa: E402
import litellm  # noqa: E402
from google import genai  # noqa: E402
from groq.types.chat import ChatCompletion  # noqa: E402
from mistralai.client import Mistral  # noqa: E402
from mistralai.client.errors import SDKError  # noqa: E402
from mistralai.client.utils import BackoffStrategy, RetryConfig  # noqa: E402
from pydantic import BaseModel  # noqa: E402

MESSAGES = [{"role": "user", "content": "Say PROMPT-7"}]
ASK = {"model": "claude-sonnet-4-5", "max_tokens": 100, "messages": MESSAGES}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
FUNCTIONS = [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}]
LLAMA = {"model": "llama-3.3-70b-versatile", "messages": MESSAGES}
TOOLS = [{"name": "weather", "description": "The weather.", "input_schema": SCHEMA}]
CONTENT = {"modelId": "anthropic.claude-sonnet-4-5-20250929-v1:0"}
GEMINI = {"model": "gemini-2.5-flash", "contents": "Say PROMPT-7"}


class City(BaseModel):
    city: str


def claude(client):
    client.messages.create(**ASK)


def claude_tools(client):
    client.messages.create(**ASK, tools=TOOLS)


def claude_stream(client):
    list(client.messages.create(**ASK, stream=True))


def claude_stream_tools(client):
    list(client.messages.create(**ASK, tools=TOOLS, stream=True))


def claude_stream_helper(client):
    with client.messages.stream(**ASK) as stream:
        stream.get_final_message()


def claude_left_early(client):
    with client.messages.stream(**ASK) as stream:
        for _ in stream.text_stream:
            break


def claude_beta(client):
    client.beta.messages.create(**ASK)


def claude_raw(client):
    client.messages.with_raw_response.create(**ASK)


def claude_raw_stream(client):
    list(client.messages.with_raw_response.create(**ASK, stream=True).parse())


def claude_streaming_response(client):
    with client.messages.with_streaming_response.create(**ASK, stream=True) as response:
        b"".join(response.iter_bytes())


def claude_parse(client):
    client.messages.parse(**ASK, output_format=City)


def claude_error_event(client):
    try:
        list(client.messages.create(**ASK, stream=True))
    except anthropic.APIStatusError:
        return


def claude_retry(client):
    client.messages.create(**ASK)


def claude_refused(client):
    try:
        client.messages.create(**ASK)
    except anthropic.BadRequestError:
        return


def claude_broken_stream(client):
    try:
        list(client.messages.create(**ASK, stream=True))
    except Exception:  # noqa: BLE001  # whichever the HTTP stack raises
        return


def no_call(client):
    client.messages.count_tokens(model=ASK["model"], messages=MESSAGES)
    try:
        client.messages.batches.list()
    except anthropic.NotFoundError:
        return


def claude_budget(client):
    try:
        with ag.budget(tokens=1):
            for _ in range(3):
                client.messages.create(**ASK)
    except ag.BudgetExceeded:
        return


async def async_claude(client):
    await client.messages.create(**ASK)


async def async_claude_stream(client):
    async for _ in await client.messages.create(**ASK, stream=True):
        pass


async def async_claude_stream_helper(client):
    async with client.messages.stream(**ASK) as stream:
        await stream.get_final_message()


def groq_chat(client):
    client.chat.completions.create(**LLAMA)


def groq_post(client):
    client.post("/openai/v1/chat/completions", cast_to=ChatCompletion, body=LLAMA)


def groq_raw(client):
    client.chat.completions.with_raw_response.create(**LLAMA)


def groq_tools(client):
    client.chat.completions.create(**LLAMA, tools=FUNCTIONS)


def groq_stream(client):
    list(client.chat.completions.create(**LLAMA, stream=True))


def groq_stream_untold(client):
    list(client.chat.completions.create(**LLAMA, stream=True))


def groq_left_early(client):
    stream = client.chat.completions.create(**LLAMA, stream=True)
    next(stream)
    stream.close()


def groq_error_event(client):
    try:
        list(client.chat.completions.create(**LLAMA, stream=True))
    except groq.APIError:
        return


def groq_retry(client):
    client.chat.completions.create(**LLAMA)


def groq_refused(client):
    try:
        client.chat.completions.create(**LLAMA)
    except groq.BadRequestError:
        return


def groq_budget(client):
    try:
        with ag.budget(tokens=1):
            for _ in range(3):
                client.chat.completions.create(**LLAMA)
    except ag.BudgetExceeded:
        return


async def async_groq(client):
    await client.chat.completions.create(**LLAMA)


async def async_groq_stream(client):
    async for _ in await client.chat.completions.create(**LLAMA, stream=True):
        pass


def bedrock_claude(_):
    keys = {"aws_access_key": "a", "aws_secret_key": "b", "aws_region": "us-east-1"}
    client = anthropic.AnthropicBedrock(base_url=other_url, **keys)
    client.messages.create(**ASK | {"model": CONTENT["modelId"]})


def bedrock_claude_stream(_):
    keys = {"aws_access_key": "a", "aws_secret_key": "b", "aws_region": "us-east-1"}
    client = anthropic.AnthropicBedrock(base_url=other_url, **keys)
    list(client.messages.create(**ASK | {"model": CONTENT["modelId"]}, stream=True))


def vertex_claude(_):
    client = anthropic.AnthropicVertex(
        base_url=vertex_url, access_token="t", region="us-east5", project_id="p"
    )
    client.messages.create(**ASK | {"model": "claude-sonnet-4-5@20250929"})


def mistral_chat(client):
    client.chat.complete(**MISTRAL)


def mistral_tools(client):
    client.chat.complete(**MISTRAL, tools=FUNCTIONS)


def mistral_stream(client):
    list(client.chat.stream(**MISTRAL))


def mistral_stream_untold(client):
    list(client.chat.stream(**MISTRAL))


def mistral_left_early(client):
    with client.chat.stream(**MISTRAL) as stream:
        next(iter(stream))


def mistral_retry(client):
    again = RetryConfig("backoff", BackoffStrategy(1, 10, 1.1, 5000), retry_connection_errors=False)
    client.chat.complete(**MISTRAL, retries=again)


def mistral_refused(client):
    try:
        client.chat.complete(**MISTRAL)
    except SDKError:
        return


def mistral_budget(client):
    try:
        with ag.budget(tokens=1):
            for _ in range(3):
                client.chat.complete(**MISTRAL)
    except ag.BudgetExceeded:
        return


def async_mistral(client):
    asyncio.run(client.chat.complete_async(**MISTRAL))


def async_mistral_stream(client):
    async def read():
        async for _ in await client.chat.stream_async(**MISTRAL):
            pass

    asyncio.run(read())


def litellm_openai(ask):
    litellm.completion(**GPT, **ask)


def litellm_responses(ask):
    litellm.responses(model=GPT["model"], input="Say PROMPT-7", api_base=GPT["api_base"], **ask)


def litellm_claude(ask):
    litellm.completion(**CLAUDE, **ask)


def litellm_claude_tools(ask):
    litellm.completion(**CLAUDE, **ask, tools=FUNCTIONS)


def litellm_claude_stream(ask):
    list(litellm.completion(**CLAUDE, **ask, stream=True))


def litellm_claude_left_early(ask):
    next(litellm.completion(**CLAUDE, **ask, stream=True))


def litellm_claude_retry(ask):
    litellm.completion(**CLAUDE, **ask, num_retries=2)


def litellm_claude_refused(ask):
    try:
        litellm.completion(**CLAUDE, **ask)
    except litellm.BadRequestError:
        return


async def async_litellm(ask):
    await litellm.acompletion(**GPT, **ask)


async def async_litellm_claude(ask):
    await litellm.acompletion(**CLAUDE, **ask)


async def async_litellm_claude_stream(ask):
    async for _ in await litellm.acompletion(**CLAUDE, **ask, stream=True):
        pass


def gemini(_):
    google.models.generate_content(**GEMINI)


def gemini_stream(_):
    list(google.models.generate_content_stream(**GEMINI))


def async_gemini(_):
    asyncio.run(google.aio.models.generate_content(**GEMINI))


def gemini_refused(_):
    try:
        google.models.generate_content(**GEMINI | {"model": "gemini-refused"})
    except genai.errors.ClientError:
        return


def converse(_):
    bedrock.converse(**CONTENT, messages=BLOCKS)


def converse_stream(_):
    list(bedrock.converse_stream(**CONTENT, messages=BLOCKS)["stream"])


def converse_left_early(_):
    events = iter(bedrock.converse_stream(**CONTENT, messages=BLOCKS)["stream"])
    next(events), next(events)


def converse_budget(_):
    try:
        with ag.budget(tokens=1):
            for _ in range(3):
                converse(None)
    except ag.BudgetExceeded:
        return


def gemini_budget(_):
    try:
        with ag.budget(tokens=1):
            for _ in range(3):
                gemini(None)
    except ag.BudgetExceeded:
        return


def converse_refused(_):
    try:
        bedrock.converse(modelId="refused", messages=BLOCKS)
    except bedrock.exceptions.ValidationException:
        return


def invoke_model(_):
    bedrock.invoke_model(**CONTENT, body=INVOKED)["body"].read()


def invoke_model_stream(_):
    list(bedrock.invoke_model_with_response_stream(**CONTENT, body=INVOKED)["body"])


def invoke_llama(_):
    bedrock.invoke_model(**LLAMA_THERE, body=INVOKED)["body"].read()


def invoke_llama_stream(_):
    list(bedrock.invoke_model_with_response_stream(**LLAMA_THERE, body=INVOKED)["body"])


LLAMA_THERE = {"modelId": "meta.llama3-3-70b-instruct-v1:0"}
MISTRAL = {"model": "mistral-large-latest", "messages": MESSAGES}
GPT = {"model": "openai/gpt-4o-mini", "api_base": f"{url}/v1", "messages": MESSAGES}
CLAUDE = {"model": "anthropic/claude-sonnet-4-5", "api_base": url, "messages": MESSAGES}
BLOCKS = [{"role": "user", "content": [{"text": "Say PROMPT-7"}]}]
INVOKED = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100, "messages": MESSAGES})
KEYS = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
google = genai.Client(api_key="k", http_options={"base_url": vertex_url})
bedrock = boto3.client("bedrock-runtime", endpoint_url=other_url, **KEYS)


async def on_async(client_class, use):
    async with client_class(base_url=url, api_key=f"sim-{use.__name__}") as client:
        await use(client)


ON_CLAUDE = (
    claude, claude_tools, claude_stream, claude_stream_tools, claude_stream_helper, claude_left_early,
    claude_beta, claude_raw, claude_raw_stream, claude_streaming_response, claude_parse,
    claude_error_event, claude_retry, claude_refused, claude_broken_stream, claude_budget, no_call,
)  # fmt: skip
ON_GROQ = (
    groq_chat, groq_post, groq_raw, groq_tools, groq_stream, groq_stream_untold, groq_left_early,
    groq_error_event, groq_retry, groq_refused, groq_budget,
)  # fmt: skip
ON_MISTRAL = (
    mistral_chat, mistral_tools, mistral_stream, mistral_stream_untold, mistral_left_early, mistral_retry,
    mistral_refused, mistral_budget, async_mistral, async_mistral_stream,
)  # fmt: skip
ON_LITELLM = (
    litellm_openai, litellm_responses, litellm_claude, litellm_claude_tools, litellm_claude_stream,
    litellm_claude_left_early, litellm_claude_retry, litellm_claude_refused,
)  # fmt: skip
OTHERS = (
    gemini, gemini_stream, async_gemini, gemini_refused, converse, converse_stream, converse_left_early,
    converse_refused, converse_budget, gemini_budget, invoke_model, invoke_model_stream, invoke_llama,
    invoke_llama_stream, bedrock_claude,
    bedrock_claude_stream, vertex_claude,
)  # fmt: skip
for use in ON_CLAUDE:
    with ag.agent(use.__name__), anthropic.Anthropic(base_url=url, api_key=f"sim-{use.__name__}") as claudes:
        use(claudes)
for use in ON_GROQ:
    with ag.agent(use.__name__), groq.Groq(base_url=url, api_key=f"sim-{use.__name__}") as client:
        use(client)
for use in (async_claude, async_claude_stream, async_claude_stream_helper):
    with ag.agent(use.__name__):
        asyncio.run(on_async(anthropic.AsyncAnthropic, use))
for use in (async_groq, async_groq_stream):
    with ag.agent(use.__name__):
        asyncio.run(on_async(groq.AsyncGroq, use))


async def on_async_litellm():
    for use in (async_litellm, async_litellm_claude, async_litellm_claude_stream):
        with ag.agent(use.__name__):
            await use({"api_key": f"sim-{use.__name__}"})


for use in ON_MISTRAL:
    with ag.agent(use.__name__):
        use(Mistral(api_key=f"sim-{use.__name__}", server_url=mistral_url))
litellm.suppress_debug_info = True
for use in ON_LITELLM:
    with ag.agent(use.__name__):
        use({"api_key": f"sim-{use.__name__}"})
asyncio.run(on_async_litellm())
for use in OTHERS:
    with ag.agent(use.__name__):
        use(None)
ag.shutdown()
