"""Turns with Mem0: `add(infer=True)` extracts and updates memories by calls that its user never sees."""

import os
from pathlib import Path

os.environ |= {"MEM0_TELEMETRY": "False", "MEM0_DIR": str(Path.cwd() / "mem0")}  # read at import
os.environ.pop("OPENROUTER_API_KEY", None)

from importlib.metadata import version

from mem0 import Memory
from openai import OpenAI

MODEL, EMBEDDING, DIMENSIONS = "gpt-4o-mini", "text-embedding-3-small", 32
MAJOR = int(version("mem0ai").split(".")[0])


def memory_of(key):
    access = {"api_key": key, "openai_base_url": os.environ["OPENAI_BASE_URL"]}
    folder = Path.cwd() / key
    store = {"path": str(folder / "vectors"), "on_disk": True, "embedding_model_dims": DIMENSIONS}
    return Memory.from_config(
        {
            "llm": {"provider": "openai", "config": {"model": MODEL, **access}},
            "embedder": {
                "provider": "openai",
                "config": {"model": EMBEDDING, "embedding_dims": DIMENSIONS, **access},
            },
            "vector_store": {"provider": "qdrant", "config": store},
            "history_db_path": str(folder / "history.sqlite"),
        }
    )


def search(memory, question, user):
    if MAJOR == 1:
        return memory.search(question, user_id=user)["results"]
    return memory.search(question, filters={"user_id": user})["results"]


def run(key):
    memory = memory_of(key)
    with OpenAI(base_url=os.environ["OPENAI_BASE_URL"], api_key=key) as client:
        for question in ("My name is Ana and I live in Lima.", "Where do I live?"):
            known = [found["memory"] for found in search(memory, question, key)]
            messages = [{"role": "user", "content": f"You know {known}. {question}"}]
            answer = client.chat.completions.create(model=MODEL, messages=messages)
            messages.append({"role": "assistant", "content": answer.choices[0].message.content})
            memory.add(messages, user_id=key, infer=True)


if __name__ == "__main__":
    run(os.environ["OPENAI_API_KEY"])
