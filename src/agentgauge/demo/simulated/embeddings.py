"""The shape of /v1/embeddings."""

import array
import base64
import random
import sys
from typing import Any

from .events import Event
from .reply import Reply
from .script import Ask
from .usage_table import ABSENT, Row, embedding_usage, told_as

DIMENSIONS = 1536
MAX_DIMENSIONS = 4096
MAX_INPUTS = 2048


def whole(reply: Reply, ask: Ask, used: Row, form: object) -> Event:
    """One vector of length 1 per input; the same input has the same vector."""
    wanted = ask.body.get("dimensions")
    size = min(max(wanted, 1), MAX_DIMENSIONS) if isinstance(wanted, int) else DIMENSIONS
    given = ask.body.get("input")
    # A list of numbers is one input, already tokenized.
    many = isinstance(given, list) and not (given and isinstance(given[0], int))
    inputs: list[Any] = given[:MAX_INPUTS] if many and isinstance(given, list) else [given]
    in_base64 = ask.body.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": index, "embedding": _encoded(text, size, in_base64=in_base64)}
        for index, text in enumerate(inputs)
    ]
    body = {"object": "list", "data": data, "model": reply.model}
    usage = told_as(form, embedding_usage(used))
    return Event(body if usage is ABSENT else body | {"usage": usage}, usage)


def _encoded(text: object, size: int, *, in_base64: bool) -> str | list[float]:
    draw = random.Random(repr(text))  # noqa: S311  # a vector, no secret
    raw = [draw.gauss(0, 1) for _ in range(size)]
    length = sum(part * part for part in raw) ** 0.5 or 1.0
    vector = array.array("f", (part / length for part in raw))
    if not in_base64:
        return vector.tolist()
    if sys.byteorder == "big":
        vector.byteswap()
    return base64.b64encode(vector.tobytes()).decode()
