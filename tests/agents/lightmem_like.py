"""Calls in the way of LightMem: an HTTP client of its own, OPENAI_* swapped at run time, its own threads."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import openai
from openai import OpenAI

try:  # whichever the installed client sits on
    import httpx2 as http
except ModuleNotFoundError:
    import httpx as http

MANAGER, EMBEDDING = "gpt-4o-mini", "text-embedding-3-small"
ENTRIES = ("Ana lives in Lima.", "Ana likes chess.", "Lima has ten million people.", "Chess is old.")
_environment = threading.Lock()  # the swap is the process's, so two trials take turns


@contextmanager
def swapped(key):
    """OPENAI_API_KEY is another one while a client is made, and then what it was."""
    with _environment:
        before = os.environ.get("OPENAI_API_KEY")
        os.environ["OPENAI_API_KEY"] = key
        try:
            yield
        finally:
            os.environ.pop("OPENAI_API_KEY")
            if before is not None:
                os.environ["OPENAI_API_KEY"] = before


class LightMemory:
    def __init__(self, key):
        with swapped(key):
            self._manager = OpenAI(http_client=http.Client(timeout=60.0))
            self._embedder = OpenAI(http_client=http.Client(timeout=60.0))

    def add(self, text):
        """One chat and two embeddings, in the caller's thread."""
        self._ask(f"Summarise: {text}")
        for form in (text, text.lower()):
            self._embedder.embeddings.create(model=EMBEDDING, input=form)

    def offline_update(self, entries):
        """One chat an entry, in threads of its own."""
        with ThreadPoolExecutor(max_workers=3) as pool:
            list(pool.map(lambda entry: self._ask(f"Merge: {entry}"), entries))

    def _ask(self, text):
        with suppress(openai.OpenAIError):  # such libraries go on without
            self._manager.chat.completions.create(model=MANAGER, messages=[{"role": "user", "content": text}])

    def close(self):
        self._manager.close()
        self._embedder.close()


def run(key):
    memory = LightMemory(key)
    for entry in ENTRIES:
        memory.add(entry)
    memory.offline_update(ENTRIES)
    memory.close()


if __name__ == "__main__":
    run(os.environ["OPENAI_API_KEY"])
