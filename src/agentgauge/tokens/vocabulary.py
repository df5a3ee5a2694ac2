"""Counts tokens of a text with tiktoken's vocabularies, which ship with the package.

tiktoken itself would download them and keep a copy in a temporary folder; here its own definitions run with a
loader that reads our files, so that nothing is fetched and nothing is written.
"""

from __future__ import annotations

import base64
import hashlib
import os
import threading
from collections import OrderedDict
from importlib.resources import files
from types import FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import tiktoken

CHUNK_CHARS = 20_000
"""tiktoken's time grows faster than a text without spaces: 5 ms at this length, 34 ms at five times it."""
LONGEST_CHARS = 10_000_000
_REMEMBERED = 8192
_SHORT_CHARS = 16

_lock = threading.Lock()
_encodings: dict[str, tiktoken.Encoding] = {}


def count_tokens(text: str, *, encoding: str) -> int:
    """Tokens of a text, special tokens taken as plain text; beyond 10 million characters extrapolated.

    Args:
        text: any string, broken surrogates included.
        encoding: `o200k_base` or `cl100k_base`.
    """
    if not text:
        return 0
    if len(text) <= _SHORT_CHARS:
        return _encode(text, encoding)
    hashed = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16)
    key = encoding.encode() + hashed.digest()
    known = _memory.get(key)
    if known is None:
        known = _encode(text, encoding)
        _memory.put(key, known)
    return known


def _after_fork() -> None:
    """A lock that another thread held stays locked in the child for ever; a child starts with its own."""
    global _lock, _memory  # noqa: PLW0603  # the two places that fork must renew
    _lock = threading.Lock()
    _memory = _Memory(_REMEMBERED)


class _Memory:
    """Counts of recent texts by hash: a long conversation sends its old parts again with every request."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._counts: OrderedDict[bytes, int] = OrderedDict()

    def get(self, key: bytes) -> int | None:
        with self._lock:
            count = self._counts.get(key)
            if count is not None:
                self._counts.move_to_end(key)
            return count

    def put(self, key: bytes, count: int) -> None:
        with self._lock:
            self._counts[key] = count
            while len(self._counts) > self._size:
                self._counts.popitem(last=False)


_memory = _Memory(_REMEMBERED)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _encode(text: str, encoding: str) -> int:
    encode = _encoding(encoding).encode_ordinary
    if len(text) <= CHUNK_CHARS:
        return len(encode(text))
    end = min(len(text), LONGEST_CHARS)
    tokens = sum(len(encode(text[i : min(i + CHUNK_CHARS, end)])) for i in range(0, end, CHUNK_CHARS))
    return tokens * len(text) // end


def _encoding(name: str) -> tiktoken.Encoding:
    found = _encodings.get(name)
    if found is None:
        with _lock:
            found = _encodings.get(name) or _load(name)
            _encodings[name] = found
    return found


def _load(name: str) -> tiktoken.Encoding:
    import tiktoken  # noqa: PLC0415  # 30 ms, and 400 ms for a vocabulary: only where something is counted
    from tiktoken_ext import openai_public  # noqa: PLC0415  # as above

    define = openai_public.ENCODING_CONSTRUCTORS[name]
    local = {**define.__globals__, "load_tiktoken_bpe": _read_ranks}
    definition: dict[str, Any] = FunctionType(define.__code__, local)()
    return tiktoken.Encoding(**definition)


def _read_ranks(url: str, expected_hash: str | None = None) -> dict[bytes, int]:
    """Stands in for tiktoken's `load_tiktoken_bpe`: same arguments and result, our copy of the file.

    Raises:
        ValueError: the file is not the one whose SHA-256 tiktoken names.
    """
    name = url.rpartition("/")[2]
    contents = files("agentgauge").joinpath("data", name).read_bytes()
    if hashlib.sha256(contents).hexdigest() != expected_hash:
        raise ValueError(f"{name} is not the vocabulary that tiktoken expects; reinstall agentgauge.")
    pairs = (line.split() for line in contents.splitlines())
    return {base64.b64decode(token): int(rank) for token, rank in pairs}
