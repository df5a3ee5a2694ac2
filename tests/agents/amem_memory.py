"""A-Mem by its package, which takes its server from OPENAI_BASE_URL; what is heavy in it are stubs."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).with_name("stubs")))

from agentic_memory.memory_system import AgenticMemorySystem

NOTES = ("Ana lives in Lima.", "Ana likes chess.", "Lima has ten million people.")


def run(key):
    memory = AgenticMemorySystem(
        llm_backend="openai", llm_model="gpt-4o-mini", api_key=key, storage_path=str(Path.cwd() / key)
    )
    for note in NOTES:
        memory.add_note(note)


if __name__ == "__main__":
    run(os.environ["OPENAI_API_KEY"])
