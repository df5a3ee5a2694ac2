"""One event is taken out of a stream's bytes, however they are cut and encoded."""

import gzip

import httpx2
import pytest

from agentgauge.pipeline.exchange import Exchange
from agentgauge.sources.hidden_chunk import hide_usage

WORD = b'data: {"choices": [{"delta": {"content": "a \\n\\n b"}}], "usage": null}'
FILTER = b'data: {"choices": [], "prompt_filter_results": []}'  # Azure's first chunk, which stays
USAGE = b'data: {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}'
DONE = b"data: [DONE]"


def read(body, *, size, encoding=None):
    headers = {"content-encoding": encoding} if encoding else {}
    sent = gzip.compress(body) if encoding else body
    parts = [sent[at : at + size] for at in range(0, len(sent), size)]
    response, exchange = httpx2.Response(200, headers=headers, content=iter(parts)), Exchange()
    hide_usage(response, exchange)
    return b"".join(response.iter_bytes()), exchange.hidden


@pytest.mark.parametrize("encoding", [None, "gzip"])
@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n"])
def test_only_the_usage_is_taken_out(end, size, encoding):
    kept = [FILTER, WORD, WORD, DONE]

    got, hidden = read(end.join([*kept[:3], USAGE, DONE, b""]), size=size, encoding=encoding)

    assert got == end.join([*kept, b""])
    assert hidden["usage"] == {"prompt_tokens": 3, "completion_tokens": 2}


@pytest.mark.parametrize(
    "body", [b"", b"no events at all", b'data: {broken "choices": []\n\n', b"\n\n\n\n", WORD]
)
def test_anything_else_passes_as_it_is(body):
    assert read(body, size=5) == (body, None)


def test_usage_that_no_blank_line_ends_is_taken_out_too():
    assert read(WORD + b"\n\n" + USAGE, size=9)[0] == WORD + b"\n\n"
