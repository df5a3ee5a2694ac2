"""A simulated model server that speaks the OpenAI API and keeps its own books by API key.

Standard library only, relative imports only: it runs alone (`server.py` beside this folder), or inside a
test. Usage comes from a seeded table, never from the text, so no tokenizer can agree with it by luck.
"""

from .serving import SimulatedServer

__all__ = ["SimulatedServer"]
