"""The list of hosts that are told who calls."""

import pytest

from agentgauge.config import read_settings
from agentgauge.errors import ConfigError
from agentgauge.hosts import host_and_port, hosts_of


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("planner.corp", "http://planner.corp/facts"),
        ("planner.corp", "https://PLANNER.corp.:8443/"),
        ("Planner.Corp", "http://planner.corp"),
        ("planner.corp:443", "https://planner.corp/"),
        ("planner.corp:8080", "http://planner.corp:8080/"),
        (".corp", "http://a.planner.corp/"),
        ("*.corp", "http://planner.corp/"),
        (".corp:8080", "http://planner.corp:8080/"),
        ("my_service", "http://my_service:80"),
        ("10.0.0.7", "http://10.0.0.7:9000"),
        ("[::1]:8000", "http://[::1]:8000/"),
        ("[::1]", "http://[::1]:9000/"),
    ],
)
def test_it_holds(entry, url):
    assert hosts_of((entry,)).hold(*host_and_port(url))


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("planner.corp", "http://evil-planner.corp/"),
        ("planner.corp", "http://planner.corp.evil.com/"),
        ("planner.corp", "http://a.planner.corp/"),
        ("planner.corp", "http://planner.corp@evil.com/"),
        ("planner.corp", "http://evil.com/planner.corp"),
        ("planner.corp", "http://evil.com?planner.corp"),
        ("planner.corp:8080", "http://planner.corp:80/"),
        ("planner.corp:443", "http://planner.corp/"),
        (".corp", "http://corp/"),
        (".corp", "http://evilcorp/"),
        (".corp:8080", "http://planner.corp/"),
        ("*", "http://planner.corp/"),
        ("*.", "http://planner.corp/"),
        ("", "http://planner.corp/"),
        ("planner.corp", "http://planner.corp:99999999/"),
        ("planner.corp", "http://[broken"),
        ("planner.corp", "planner.corp"),
    ],
)
def test_it_does_not_hold(entry, url):
    assert not hosts_of((entry,)).hold(*host_and_port(url))


def test_the_variable_is_a_list_and_what_is_no_host_is_said():
    read = read_settings({"AGENTGAUGE_PROPAGATE_TO": "planner.corp:8080, .corp ,http://x/,*"})

    assert read.propagate_to == ("planner.corp:8080", ".corp")
    assert [problem for problem in read.problems if "AGENTGAUGE_PROPAGATE_TO" in problem] == [
        "AGENTGAUGE_PROPAGATE_TO: 'http://x/' is no host, host:port or .domain; left out.",
        "AGENTGAUGE_PROPAGATE_TO: '*' is no host, host:port or .domain; left out.",
    ]


@pytest.mark.parametrize("value", ["planner.corp", ["http://x/"], [7], {"a": "b"}, 7])
def test_an_argument_that_is_no_list_of_hosts_is_refused(value):
    with pytest.raises(ConfigError, match="propagate_to must be a list of hosts"):
        read_settings({}, propagate_to=value)


def test_nobody_is_on_the_list_by_default():
    assert read_settings({}).propagate_to == ()
