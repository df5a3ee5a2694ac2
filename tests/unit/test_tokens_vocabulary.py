"""Vocabularies: shipped, checked, loaded late, bounded in time and memory."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files

import pytest

from agentgauge.tokens import vocabulary
from agentgauge.tokens.families import family_of
from agentgauge.tokens.vocabulary import count_tokens

NO_NETWORK_AND_NO_WRITES = """
import sys
seen = []
def watch(event, args):
    if event.startswith("socket.") or (event == "open" and args[1] and set(args[1]) & set("wax+")):
        seen.append((event, args))
    if event == "os.putenv":
        seen.append((event, args))
import agentgauge.tokens
assert "tiktoken" not in sys.modules, "loaded too early"
sys.dont_write_bytecode = True
sys.addaudithook(watch)
from agentgauge.tokens.vocabulary import count_tokens
print(count_tokens("hello world", encoding="o200k_base"), count_tokens("hello world", encoding="cl100k_base"))
assert not seen, seen
"""


@pytest.mark.parametrize(
    ("name", "sha256"),
    [
        ("o200k_base", "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"),
        ("cl100k_base", "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"),
    ],
)
def test_the_shipped_file_is_the_published_one(name, sha256):
    contents = files("agentgauge").joinpath("data", f"{name}.tiktoken").read_bytes()
    assert hashlib.sha256(contents).hexdigest() == sha256


def test_counting_needs_no_network_and_writes_nothing(tmp_path):
    env = {**os.environ, "TMPDIR": str(tmp_path), "TIKTOKEN_CACHE_DIR": str(tmp_path / "cache")}
    command = [sys.executable, "-c", NO_NETWORK_AND_NO_WRITES]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("2 2\n", 0), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_vocabulary_is_refused():
    with pytest.raises(ValueError, match="reinstall agentgauge"):
        vocabulary._read_ranks("https://example.org/o200k_base.tiktoken", expected_hash="0" * 64)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("tiktoken is great!", 6), ("<|endoftext|>", 7), ("お誕生日おめでとう", 8), ("\ud800", 1)],
)
def test_known_texts(text, tokens):
    assert count_tokens(text, encoding="o200k_base") == tokens


@pytest.mark.parametrize("text", ["a" * 3_000_000, " " * 3_000_000, "=-" * 1_500_000])
def test_megabytes_without_a_break_are_counted_in_seconds(text):
    start = time.monotonic()
    assert 0 < count_tokens(text, encoding="o200k_base") <= len(text)
    assert time.monotonic() - start < 30


def test_what_is_beyond_the_longest_text_is_extrapolated(monkeypatch):
    monkeypatch.setattr(vocabulary, "LONGEST_CHARS", 40_000)
    assert count_tokens("word " * 40_000, encoding="o200k_base") == pytest.approx(40_000, rel=0.01)


def test_counts_are_remembered_by_hash_and_their_number_is_bounded():
    memory = vocabulary._Memory(2)
    for number in range(3):
        memory.put(b"%d" % number, number)
    assert [memory.get(b"%d" % n) for n in range(3)] == [None, 1, 2]


def test_a_text_that_was_counted_is_not_encoded_again(monkeypatch):
    text = "a text of its own, to be counted twice " * 5
    first = count_tokens(text, encoding="o200k_base")
    monkeypatch.setattr(vocabulary, "_encode", None)
    assert count_tokens(text, encoding="o200k_base") == first


def test_threads_agree():
    texts = [f"text number {n % 50} " * 10 for n in range(400)]
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda t: count_tokens(t, encoding="cl100k_base"), texts))
    assert counts == [count_tokens(t, encoding="cl100k_base") for t in texts]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_counts_even_if_a_lock_was_held_while_it_was_forked():
    code = (
        "import os, sys\n"
        "from agentgauge.tokens import vocabulary as v\n"
        "v.count_tokens('load it before', encoding='o200k_base')\n"
        "v._memory._lock.acquire(); v._lock.acquire()\n"
        "if os.fork() == 0:\n"
        "    os._exit(v.count_tokens('hello world ' * 9, encoding='cl100k_base') != 19)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))\n"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], timeout=60, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("model", "encoding", "known"),
    [
        ("gpt-4o-mini", "o200k_base", True),
        ("openai/gpt-4.1", "o200k_base", True),
        ("ft:gpt-3.5-turbo-0125:team::id", "cl100k_base", True),
        ("gpt-4", "cl100k_base", True),
        ("gpt-35-turbo", "cl100k_base", True),
        ("gpt-5-nano", "o200k_base", True),
        ("o3-mini", "o200k_base", True),
        ("text-embedding-3-small", "cl100k_base", True),
        ("claude-sonnet-4-5", "o200k_base", False),
        ("mistral-7b", "o200k_base", False),
        ("", "o200k_base", False),
    ],
)
def test_a_model_is_counted_by_its_family(model, encoding, known):
    family = family_of(model)
    assert (family.encoding, family.known) == (encoding, known)
