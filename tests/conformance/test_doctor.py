"""`agentgauge doctor`, as a command in an environment of its own."""

import json
import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import pytest

import agentgauge as ag
from agentgauge.config import Settings, read_settings
from agentgauge.config_values import OTHER_VARIABLES, VARIABLES
from agentgauge.doctor import endpoint, machine, packages
from agentgauge.store.write import Batch, Process, Store
from otlp import Receiver

pytest_plugins = ["program_folder"]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def doctor(folder, monkeypatch):
    """Runs it in a folder, with the variables given; returns its exit status and output."""

    def run(*options, **environ):
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        command = [sys.executable, "-m", "agentgauge", "doctor", *map(str, options)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture
def findings(doctor):
    """The same as JSON: exit status, and (state, text, next) by topic."""

    def run(*options, **environ):
        status, out, err = doctor(*options, "--format", "json", **environ)
        assert err == ""
        said = json.loads(out)
        assert status == (1 if said["problems"] else 0)
        assert said["problems"] == sum(found["state"] == "problem" for found in said["findings"])
        topics = {}
        for found in said["findings"]:
            topics.setdefault(found["topic"], []).append((found["state"], found["text"], found["next"]))
        return topics

    return run


def problems(topics, topic):
    return [(text, todo) for state, text, todo in topics[topic] if state == "problem"]


def stored(path, **rows):
    store = Store(path, Process("run-1", "test", None, None))
    store.write(Batch(**rows))
    store.close()


def test_a_healthy_installation_has_no_problem(doctor, folder):
    stored(folder / "store.sqlite")

    status, out, err = doctor()

    assert (status, err) == (0, "")
    assert out.endswith("No problem found.\n")
    assert "\x1b" not in out
    assert [line for line in out.splitlines() if line and not line.startswith(" ")][:-1] == [
        "client",
        "settings",
        "store",
        "endpoint",
        "prices",
        "vocabularies",
        "clock",
    ]


def test_it_changes_nothing(doctor, folder):
    doctor()

    assert list(folder.iterdir()) == []


def test_settings_say_where_they_come_from(findings):
    found = findings(
        AGENTGAUGE_SERVICE="bot",
        OTEL_RESOURCE_ATTRIBUTES="service.version=7",
        OTEL_EXPORTER_OTLP_ENDPOINT="http://user:secret@127.0.0.1:1",
    )

    texts = [text for _, text, _ in found["settings"]]
    assert "service_name = bot  (AGENTGAUGE_SERVICE)" in texts
    assert "release = 7  (OTEL_RESOURCE_ATTRIBUTES)" in texts
    assert "secret" not in json.dumps(found["settings"])


def test_a_variable_that_cannot_be_used_is_a_problem(findings):
    found = findings(AGENTGAUGE_FLUSH_TIMEOUT="soon")

    ((text, _),) = problems(found, "settings")
    assert "AGENTGAUGE_FLUSH_TIMEOUT='soon'" in text


def test_a_misspelt_variable_is_a_problem(findings):
    found = findings(AGENTGAUGE_PROVIDER="localhost:1=openai", AGENTGAUGE_PORT_GRAFANA="3001")

    assert problems(found, "settings") == [
        ("AGENTGAUGE_PROVIDER is no setting, and has no effect", "Did you mean AGENTGAUGE_PROVIDERS?")
    ]


def test_every_setting_names_its_variables_as_the_documentation_does():
    text = (ROOT / "docs" / "settings.md").read_text()
    documented = {
        name: set(re.findall(r"`([A-Z_]{8,})`", variables))
        for name, variables in re.findall(r"^\| `(\w+)` \| (.*?) \|", text, re.MULTILINE)
        if name.islower()
    }

    assert {name: set(variables) for name, variables in VARIABLES.items()} == documented
    assert set(VARIABLES) == {f.name for f in fields(Settings)} - {"problems"}


def test_no_variable_of_ours_is_unknown_to_it():
    known = {variable for names in VARIABLES.values() for variable in names}
    places = [path for top in ("src", "collector", "deploy") for path in (ROOT / top).rglob("*.*")]
    texts = [path.read_text() for path in places if path.suffix in {".py", ".yaml", ".yml", ".md"}]
    words = {word for text in texts for word in re.findall(r"\bAGENTGAUGE_[A-Z_]*[A-Z]\b", text)}

    assert [word for word in sorted(words - known) if not word.startswith(OTHER_VARIABLES)] == []


def test_a_store_that_is_not_there_yet_is_no_problem(findings, folder):
    (found,) = findings()["store"]

    assert (found[0], "does not exist yet" in found[1]) == ("note", True)


@pytest.mark.parametrize("kind", ["folder", "text", "foreign", "newer", "below a file"])
def test_a_store_that_cannot_be_one_is_a_problem(findings, folder, kind):
    path = folder / "store.sqlite"
    if kind == "folder":
        path.mkdir()
    elif kind == "text":
        path.write_text("no database at all, but long enough to be one" * 20)
    elif kind == "below a file":
        path.write_text("")
        path = path / "store.sqlite"
    else:
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("CREATE TABLE theirs (x)" if kind == "foreign" else "PRAGMA user_version = 99")

    assert len(problems(findings("--store", path), "store")) == 1


def test_a_damaged_store_is_a_problem(findings, folder):
    path = folder / "store.sqlite"
    stored(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
    content = bytearray(path.read_bytes())
    content[-8192:] = b"\xff" * 8192
    path.write_bytes(content)

    ((text, todo), *_) = problems(findings(), "store")
    assert "damaged" in text
    assert ".recover" in text + (todo or "")


@pytest.mark.parametrize(("age_s", "state"), [(5, "ok"), (7200, "problem")])
def test_what_waits_to_be_sent_is_told(findings, folder, age_s, state):
    path, here = folder / "store.sqlite", "http://127.0.0.1:9"
    ended = time.time_ns() - age_s * 10**9
    span = {"span": "{}", "ended_ns": ended, "resource": "{}", "trace_id": "t"}
    stored(
        path,
        spans=[
            {**span, "span_id": "1", "endpoint": here},
            {**span, "span_id": "2", "endpoint": here},
            {**span, "span_id": "3", "endpoint": "http://elsewhere:4318"},
        ],
    )
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE outbox SET leased_until_s = ? WHERE span_id = '1'", (time.time() + 50,))

    found = findings("--offline", OTEL_EXPORTER_OTLP_ENDPOINT=here)

    waiting = {text.split(",")[0]: (state, text) for state, text, _ in found["store"] if " wait for " in text}
    assert waiting[f"2 spans wait for {here}"][0] == state
    assert "; 1 are leased by a process" in waiting[f"2 spans wait for {here}"][1]
    assert waiting["1 spans wait for http://elsewhere:4318"][0] == "note"


def test_a_store_that_is_held_is_told(findings, folder):
    path = folder / "store.sqlite"
    stored(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("BEGIN IMMEDIATE")
        found = findings()

    assert any(state == "note" and "locked" in text for state, text, _ in found["store"])


def test_an_endpoint_that_takes_spans_is_well(findings):
    with Receiver() as receiver:
        found = findings(OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url)

    assert found["endpoint"] == [("ok", f"{receiver.url}/v1/traces takes spans", None)]
    assert ("ok", "it agrees with the endpoint's", None) in found["clock"]


def test_an_endpoint_that_wants_credentials_or_is_none_is_a_problem(findings, server):
    with Receiver() as receiver:
        receiver.status = 401
        refused = findings(OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url)
    wrong = findings(OTEL_EXPORTER_OTLP_ENDPOINT=server.url)

    assert "OTEL_EXPORTER_OTLP_HEADERS" in problems(refused, "endpoint")[0][1]
    assert "answers 404" in problems(wrong, "endpoint")[0][0]


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_an_endpoint_that_nobody_serves_is_a_problem_unless_it_is_not_asked(findings, protocol):
    given = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}

    ((text, todo),) = problems(findings(**given), "endpoint")
    assert "cannot be reached" in text
    assert "agentgauge up" in todo
    assert problems(findings("--offline", **given), "endpoint") == []


def test_a_clock_that_is_wrong_is_a_problem(monkeypatch, folder):
    now = time.time()
    stored(folder / "store.sqlite")
    with closing(sqlite3.connect(folder / "store.sqlite")) as db, db:
        db.execute(
            "INSERT INTO calls (trace_id, span_id, run_id, service, start_ns, end_ns, operation,"
            " request_model, action, agent, agent_path, usage_source, cost_source, outcome)"
            " VALUES ('t', 's', 'r', 's', 0, ?, 'chat', 'm', 'generate', 'a', 'a', 'none', 'unpriced', 'ok')",
            ((int(now) + 3600) * 10**9,),
        )
    with Receiver() as receiver:
        monkeypatch.setattr(endpoint, "time", SimpleNamespace(time=lambda: now - 300))
        settings = read_settings({}, endpoint=receiver.url)
        found = [
            *endpoint.endpoint_findings(settings, ask=True),
            *machine.clock_findings(folder / "store.sqlite"),
        ]

    clocks = [finding for finding in found if finding.topic == "clock"]
    assert [finding.state for finding in clocks] == ["problem", "problem"]
    assert re.search(r"\b(29\d|30\d) s behind", clocks[0].text)


@pytest.mark.parametrize(
    ("version", "state"), [(None, "note"), ("1.99.9", "problem"), ("2.7.2", "problem"), ("2.8.0", "ok")]
)
def test_the_client_is_supported_or_not(monkeypatch, version, state):
    monkeypatch.setattr(packages, "_version", lambda name: version if name == "openai" else "1.0")

    found = list(packages.package_findings(read_settings({}, frameworks=False)))

    assert [finding.state for finding in found if "openai" in finding.facts] == [state]


def test_a_model_without_a_price_is_named_with_a_file_to_fill_in(findings, folder, server, client):
    ag.init(settings=read_settings({}, store=str(folder / "store.sqlite"), set_global=False))
    for model in ("our-llama", "gpt-4o-mini"):
        client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hello"}])
    ag.shutdown()
    host = server.url.split("//")[1]

    found = findings()
    told = [text for text, _ in problems(found, "prices")]
    assert sorted(text.split(" ")[0] for text in told) == ["gpt-4o-mini", "our-llama"]
    assert all(f"at {host}" in text for text in told)
    assert f"AGENTGAUGE_PROVIDERS={host}=openai" in problems(found, "prices")[0][1]
    (snippet,) = [todo for state, _, todo in found["prices"] if state == "note"]

    (folder / "prices.toml").write_text(snippet)
    (unfilled,) = [text for text, _ in problems(findings(AGENTGAUGE_PRICES="prices.toml"), "prices")][:1]
    assert "input must be USD" in unfilled

    (folder / "prices.toml").write_text(snippet.replace('"USD per million tokens"', "0.25"))
    assert problems(findings(), "prices") == []


def test_naming_the_provider_prices_its_public_models(findings, folder, server, client):
    ag.init(settings=read_settings({}, store=str(folder / "store.sqlite"), set_global=False))
    client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "Hello"}])
    ag.shutdown()

    found = findings(AGENTGAUGE_PROVIDERS=f"{server.url.split('//')[1]}=openai")

    assert problems(found, "prices") == []


@pytest.mark.parametrize("options", [["--format", "xml"], ["--no-such"], ["more"]])
def test_bad_use_is_2(doctor, options):
    status, out, err = doctor(*options)

    assert (status, out) == (2, "")
    assert "agentgauge doctor --help" in err


def test_colour_can_be_forced(doctor):
    assert "\x1b[" in doctor(FORCE_COLOR="1")[1]
