"""Settings: arguments first, then variables; a bad argument raises, a bad variable is a problem to report."""

from pathlib import Path

import pytest

from agentgauge.config import FRAMEWORKS, read_settings, store_path
from agentgauge.errors import ConfigError

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL"


def test_without_anything_calls_go_to_the_store_only():
    settings = read_settings({})

    assert settings.service_name == "unknown_service"
    assert settings.endpoint is None
    assert settings.store is not None
    assert settings.problems == ()


def test_an_argument_goes_before_a_variable():
    settings = read_settings({"OTEL_SERVICE_NAME": "theirs", ENDPOINT: "http://b:1"}, service_name="mine")

    assert (settings.service_name, settings.endpoint) == ("mine", "http://b:1")


@pytest.mark.parametrize(
    ("environ", "field", "expected"),
    [
        ({"AGENTGAUGE_SERVICE": "ours", "OTEL_SERVICE_NAME": "otel"}, "service_name", "ours"),
        ({"OTEL_SERVICE_NAME": "otel"}, "service_name", "otel"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=attr"}, "service_name", "attr"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=prod"}, "environment", "prod"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=old"}, "environment", "old"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.version=1.2"}, "release", "1.2"),
        ({"AGENTGAUGE_RELEASE": "2"}, "release", "2"),
        ({"AGENTGAUGE_PROVIDERS": "a:1=openai, b = azure"}, "providers", {"a:1": "openai", "b": "azure"}),
        ({"AGENTGAUGE_STORE": "off"}, "store", None),
        ({"AGENTGAUGE_STORE": "/data/s.sqlite"}, "store", Path("/data/s.sqlite")),
        ({"OTEL_SDK_DISABLED": "TRUE"}, "disabled", True),
        ({"AGENTGAUGE_FRAMEWORKS": "on"}, "frameworks", FRAMEWORKS),
        ({"AGENTGAUGE_FRAMEWORKS": "off"}, "frameworks", ()),
        ({"AGENTGAUGE_FRAMEWORKS": "CrewAI, spans"}, "frameworks", ("crewai", "spans")),
        ({"AGENTGAUGE_FLUSH_TIMEOUT": "0.5"}, "flush_timeout_s", 0.5),
        ({}, "outbox_metrics_s", 60.0),
        ({"AGENTGAUGE_OUTBOX_METRICS": "15"}, "outbox_metrics_s", 15.0),
        ({"AGENTGAUGE_OUTBOX_METRICS": "Off"}, "outbox_metrics_s", 0.0),
        ({"OTEL_METRICS_EXPORTER": "none"}, "outbox_metrics_s", 0.0),
        ({"OTEL_METRICS_EXPORTER": "otlp"}, "outbox_metrics_s", 60.0),
        (
            {"OTEL_METRICS_EXPORTER": "none", "AGENTGAUGE_OUTBOX_METRICS": "on"},
            "outbox_metrics_s",
            60.0,
        ),
        ({"AGENTGAUGE_PROPAGATE_THREADS": "ALL"}, "propagate_threads", "all"),
        ({"AGENTGAUGE_PROPAGATE_THREADS": "no"}, "propagate_threads", "off"),
        ({"AGENTGAUGE_PROPAGATE_THREADS": "1"}, "propagate_threads", "threads"),
        (
            {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://t:1", ENDPOINT: "http://e:1"},
            "endpoint",
            "http://t:1",
        ),
    ],
)
def test_each_variable_sets_its_field(environ, field, expected):
    settings = read_settings(environ)

    assert getattr(settings, field) == expected
    assert settings.problems == ()


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({PROTOCOL: "smoke", ENDPOINT: "http://c:1"}, "'smoke' is unknown"),
        ({ENDPOINT: "collector:4318"}, "no http(s) URL"),
        ({ENDPOINT: "ftp://collector"}, "no http(s) URL"),
        ({"AGENTGAUGE_FLUSH_TIMEOUT": "soon"}, "using 5"),
        ({"AGENTGAUGE_FLUSH_TIMEOUT": "-1"}, "using 5"),
        ({"AGENTGAUGE_FLUSH_TIMEOUT": "nan"}, "using 5"),
        ({"AGENTGAUGE_OUTBOX_METRICS": "often"}, "using 60"),
        ({"AGENTGAUGE_OUTBOX_METRICS": "300"}, "from 0.1 to 240; using 60"),
        ({"AGENTGAUGE_FRAMEWORKS": "spans,autogen"}, "'autogen' is unknown; left out"),
        ({"AGENTGAUGE_INSTRUMENT": "perhaps"}, "neither true nor false"),
        ({"AGENTGAUGE_PROPAGATE_THREADS": "some"}, "none of off, tasks, threads, all; using threads"),
        ({"AGENTGAUGE_PROVIDERS": "localhost"}, "not of the form key=value"),
        ({ENDPOINT: "http://c:4317"}, "gRPC port 4317"),
    ],
)
def test_a_bad_variable_is_one_problem_and_never_raises(environ, says):
    (problem,) = read_settings(environ).problems

    assert says in problem


def test_spans_stay_in_the_store_when_the_protocol_cannot_be_used():
    assert read_settings({PROTOCOL: "smoke", ENDPOINT: "http://c:1"}).endpoint is None


def test_grpc_users_write_host_and_port():
    settings = read_settings({PROTOCOL: "grpc", ENDPOINT: "collector:4317"})

    assert (settings.endpoint, settings.problems) == ("collector:4317", ())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("service_name", 7),
        ("service_name", " "),
        ("store", 7),
        ("store", b"bytes"),
        ("frameworks", "crewai"),
        ("frameworks", ["autogen"]),
        ("endpoint", ["http://c"]),
        ("environment", 1.5),
        ("providers", [("a", "b")]),
        ("providers", {"a": None}),
        ("instrument", "yes"),
        ("flush_timeout_s", "5"),
        ("flush_timeout_s", -1),
        ("flush_timeout_s", True),
        ("outbox_metrics_s", 0.01),
        ("outbox_metrics_s", "15"),
        ("propagate_threads", "some"),
        ("propagate_threads", 3),
    ],
)
def test_an_argument_of_a_wrong_type_is_refused_by_name(name, value):
    with pytest.raises(ConfigError, match=f"{name} must be"):
        read_settings({}, **{name: value})


def test_an_unknown_argument_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"no setting 'colour'.*service_name"):
        read_settings({}, colour="red")


def test_empty_text_is_not_given():
    assert read_settings({"AGENTGAUGE_RELEASE": "1"}, release="").release == "1"


def test_a_path_like_store_is_taken(tmp_path):
    assert read_settings({}, store=tmp_path / "s.sqlite").store == tmp_path / "s.sqlite"


def test_bytes_that_are_no_text_become_text():
    settings = read_settings({"OTEL_SERVICE_NAME": "caf\udce9"})

    assert settings.service_name == "caf?"


@pytest.mark.parametrize("base", ["", "relative/folder"])
def test_a_data_folder_that_is_not_absolute_is_passed_over(monkeypatch, base):
    monkeypatch.setenv("XDG_DATA_HOME", base)
    monkeypatch.setenv("HOME", "/home/ada")

    assert store_path("") == Path("/home/ada/.local/share/agentgauge/store.sqlite")
