"""One call a turn through a wrapper that hides which provider answers. It knows nothing of agentgauge."""

import asyncio
import os

from openai import AsyncOpenAI, OpenAI

MODEL = "openai/gpt-oss-20b"
TURNS = ("What is the capital of Peru?", "How many people live there?", "And in 1950?")


class Provider:
    def __init__(self, key):
        self._client = OpenAI(base_url=os.environ["OPENAI_BASE_URL"], api_key=key)

    def complete(self, messages):
        answer = self._client.chat.completions.create(model=MODEL, messages=messages)
        return answer.choices[0].message.content


def run(key):
    provider, messages = Provider(key), []
    for question in TURNS:
        messages.append({"role": "user", "content": question})
        messages.append({"role": "assistant", "content": provider.complete(messages)})


async def run_async(key):
    messages = []
    async with AsyncOpenAI(base_url=os.environ["OPENAI_BASE_URL"], api_key=key) as client:
        for question in TURNS:
            messages.append({"role": "user", "content": question})
            answer = await client.chat.completions.create(model=MODEL, messages=messages)
            messages.append({"role": "assistant", "content": answer.choices[0].message.content})
            await asyncio.sleep(0)


if __name__ == "__main__":
    run(os.environ["OPENAI_API_KEY"])
