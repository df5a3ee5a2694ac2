"""The simulated server as a program: what it is made of, how it is told, what it refuses."""

import ast
import asyncio
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import openai
import pytest
from booked import ASK, KEY, book, booked, rules, told

import agentgauge.demo.simulated as simulated_package
from agentgauge.demo.server_process import SimulatedServerProcess
from agentgauge.demo.simulated import SimulatedServer

FOLDER = Path(simulated_package.__file__).parent


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""


@pytest.mark.parametrize("path", [*FOLDER.glob("*.py"), FOLDER.parent / "server.py"], ids=lambda p: p.name)
def test_it_imports_the_standard_library_and_its_own_folder_alone(path):
    foreign = [
        name
        for level, name in imports_of(path)
        if level > 1 or (level == 0 and name.partition(".")[0] not in sys.stdlib_module_names)
    ]

    assert foreign == []


def test_as_a_script_it_loads_no_module_of_agentgauge():
    with SimulatedServerProcess(seed=3) as process:
        maps = f"import sys; sys.argv = ['s']; sys.path.append({str(FOLDER.parent)!r}); import simulated"
        loaded = subprocess.run(
            [sys.executable, "-I", "-c", f"{maps}; print([m for m in sys.modules if 'agentgauge' in m])"],
            capture_output=True,
            text=True,
            check=True,
        )

        assert process.url.startswith("http://127.0.0.1:")
        assert loaded.stdout == "[]\n"


def test_the_script_ends_when_its_parent_lets_go_of_its_input():
    script = subprocess.Popen(
        [sys.executable, "-I", str(FOLDER.parent / "server.py"), "--port", "0", "--stop-with-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    script.stdout.readline()

    script.communicate(timeout=10)

    assert script.returncode == 0


def test_the_same_seed_tells_the_same_usage_and_another_seed_another():
    def usages(seed):
        with SimulatedServer(seed=seed) as server:
            client = openai.OpenAI(base_url=f"{server.url}/v1", api_key=KEY)
            return [told(client.chat.completions.create(**ASK).usage) for _ in range(3)]

    assert usages(3) == usages(3)
    assert usages(3) != usages(4)


def test_usage_is_of_a_realistic_size_and_its_parts_fit_into_it(client):
    for _ in range(50):
        given, written, reasoning, cached = told(client.chat.completions.create(**ASK).usage)

        assert 200 <= given <= 4000
        assert 20 <= written <= 900
        assert 0 <= reasoning <= written
        assert 0 <= cached <= given


def test_a_rule_waits_for_the_request_that_it_fits(server, client):
    rules(
        server,
        {"endpoint": "embeddings", "status": 400},
        {"model": "other", "status": 400},
        {"answer": "Yes."},
    )

    assert client.chat.completions.create(**ASK).choices[0].message.content == "Yes."
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model="text-embedding-3-small", input="a")


def test_a_rule_can_hold_for_ever_and_for_any_key(server, client):
    rules(server, {"answer": "Always.", "times": None}, key="*")

    answers = [client.chat.completions.create(**ASK).choices[0].message.content for _ in range(3)]

    assert answers == ["Always."] * 3


def test_a_rule_can_come_in_the_request_itself(client):
    header = {"X-Simulated-Rule": json.dumps({"answer": "By header."})}

    answer = client.chat.completions.create(**ASK, extra_headers=header)

    assert answer.choices[0].message.content == "By header."


@pytest.mark.parametrize("rule", [{"statuss": 429}, {"usage": "plenty"}, {"error": "xml"}, "429"])
def test_a_rule_that_means_nothing_is_refused(server, rule):
    body = json.dumps({"api_key": KEY, "rules": [rule]}).encode()

    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{server.url}/script", data=body)

    assert caught.value.code == 400


def test_the_process_takes_a_script_and_shows_its_books():
    with SimulatedServerProcess(seed=3) as process:
        process.follow({"api_key": KEY, "rules": [{"answer": "Scripted."}]})
        client = openai.OpenAI(base_url=process.base_url, api_key=KEY)
        answer = client.chat.completions.create(**ASK)

        assert answer.choices[0].message.content == "Scripted."
        assert booked(process.books()["by_api_key"][KEY]) == told(answer.usage)


def test_an_unknown_path_is_not_found_in_the_words_of_the_api(client):
    with pytest.raises(openai.NotFoundError, match="Unknown path"):
        client.moderations.create(input="a")


def test_a_missing_model_or_key_is_refused_and_booked(server):
    def post(headers, body):
        request = urllib.request.Request(f"{server.url}/v1/chat/completions", data=body, headers=headers)
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request)
        return caught.value.code

    assert post({"Authorization": f"Bearer {KEY}"}, b"{}") == 400
    assert post({"Authorization": f"Bearer {KEY}"}, b"{not JSON") == 400
    assert post({}, json.dumps(ASK).encode()) == 401
    assert book(server)["statuses"] == {"400": 2}
    assert book(server, "anonymous")["statuses"] == {"401": 1}


def test_a_body_over_ten_megabytes_is_refused(client):
    with pytest.raises(openai.APIStatusError) as caught:
        client.completions.create(model="gpt-4o", prompt="x" * (10 * 1024 * 1024))

    assert caught.value.status_code == 413


def test_a_connection_is_kept_for_the_next_request(server):
    host, port = server.server_address[:2]
    body = json.dumps(ASK).encode()
    head = ["POST /v1/chat/completions HTTP/1.1", "Host: x", "Authorization: Bearer a"]
    request = "\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body

    with socket.create_connection((host, port), timeout=5) as connection:
        answers = connection.makefile("rb")
        for _ in range(2):
            connection.sendall(request)
            assert answers.readline() == b"HTTP/1.1 200 OK\r\n"
            length = 0
            while (line := answers.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            answers.read(length)

    assert book(server, "a")["answered"] == 2


def test_an_abandoned_stream_does_not_hold_the_server(server):
    rules(server, {"stall_after_chunks": 1, "times": None})

    async def abandon():
        async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key=KEY) as client:
            stream = await client.chat.completions.create(**ASK, stream=True)
            async for _ in stream:
                break
            await stream.close()

    begun = time.monotonic()
    asyncio.run(abandon())

    assert time.monotonic() - begun < 5
    assert book(server)["answered"] == 1
