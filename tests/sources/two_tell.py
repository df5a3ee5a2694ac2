"""Two or more tell of each request: other instrumentations, a client that traces itself, a framework.

    two_tell.py URL STORE WHERE

WHERE is whose provider they write to: `theirs`, one of the program's, or `ours`, where it has none.
"""

import os
import sys
import warnings

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
warnings.simplefilter("ignore")

import agentgauge as ag  # noqa: E402  # before any client, as programs do

url, store, where = sys.argv[1:]
if where == "theirs":
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider

    trace.set_tracer_provider(TracerProvider())
ag.init("two-tell", store=store, providers={url.split("//")[1]: "openai"})

import anthropic  # noqa: E402
import litellm  # noqa: E402
import openai  # noqa: E402
from openinference.instrumentation.anthropic import AnthropicInstrumentor as OpenInference  # noqa: E402
from openinference.instrumentation.litellm import LiteLLMInstrumentor  # noqa: E402
from openinference.instrumentation.mistralai import MistralAIInstrumentor  # noqa: E402
from opentelemetry.instrumentation.anthropic import AnthropicInstrumentor as OpenLLMetry  # noqa: E402
from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor as Official  # noqa: E402

MESSAGES = [{"role": "user", "content": "Hello"}]
CLAUDE = {"model": "claude-sonnet-4-5", "max_tokens": 100, "messages": MESSAGES}
GPT = {"model": "gpt-4o-mini", "messages": MESSAGES}


def ask_claude(key):
    client = anthropic.Anthropic(base_url=url, api_key=key)
    client.messages.create(**CLAUDE)
    list(client.messages.create(**CLAUDE, stream=True))


def ask_gpt(key):
    client = openai.OpenAI(base_url=f"{url}/v1", api_key=key)
    client.chat.completions.create(**GPT)
    usage = {"stream": True, "stream_options": {"include_usage": True}}
    list(client.chat.completions.create(**GPT, **usage))


def ask_litellm(key):
    litellm.completion(model="openai/gpt-4o-mini", api_base=f"{url}/v1", api_key=key, messages=MESSAGES)
    litellm.completion(model="anthropic/claude-sonnet-4-5", api_base=url, api_key=key, messages=MESSAGES)


def ask_mistral(key):
    from mistralai.client import Mistral

    Mistral(api_key=key, server_url=url).chat.complete(model="mistral-small-latest", messages=MESSAGES)


def ask(use, name):
    with ag.agent(name):
        use(f"sim-{name}")


ask(ask_claude, "claude_itself")
OpenInference().instrument()
ask(ask_claude, "openinference")
OpenLLMetry().instrument()
ask(ask_claude, "openinference_and_openllmetry")
LiteLLMInstrumentor().instrument()
ask(ask_litellm, "litellm")
MistralAIInstrumentor().instrument()
ask(ask_mistral, "mistral")
Official().instrument()
ask(ask_gpt, "official")
ag.shutdown()
