"""A program that has instrumented Bedrock's client itself, before agentgauge.

    bedrock_first.py URL STORE WHERE

WHERE is whose provider it writes to: `theirs`, one of the program's, or `ours`, where it has none.
"""

import json
import sys

from openinference.instrumentation.bedrock import BedrockInstrumentor
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

url, store, where = sys.argv[1:]
if where == "theirs":
    trace.set_tracer_provider(TracerProvider())
BedrockInstrumentor().instrument()

import agentgauge as ag  # noqa: E402

ag.init("bedrock-first", store=store)

import boto3  # noqa: E402

KEYS = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
MODEL = {"modelId": "anthropic.claude-sonnet-4-5-20250929-v1:0"}
BLOCKS = [{"role": "user", "content": [{"text": "Hello"}]}]
INVOKED = {"max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]}
client = boto3.client("bedrock-runtime", endpoint_url=url, **KEYS)
with ag.agent("claude"):
    client.converse(**MODEL, messages=BLOCKS)
    list(client.converse_stream(**MODEL, messages=BLOCKS)["stream"])
    list(client.invoke_model_with_response_stream(**MODEL, body=json.dumps(INVOKED))["body"])
ag.shutdown()
