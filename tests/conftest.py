"""What tests of the whole SDK share: a simulated model server, real clients of it, and a fresh agentgauge."""

import os

import openai
import pytest
from hypothesis import HealthCheck, settings

import agentgauge as ag
from agentgauge import guard, ledger
from agentgauge.config import read_settings
from agentgauge.demo.simulated import SimulatedServer

os.environ["AGENTGAUGE_STORE"] = "off"  # no test writes into the store of whoever runs it
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or hundreds of programs compile all that they import
settings.register_profile("any_machine", suppress_health_check=[HealthCheck.too_slow])  # a busy one is slow
settings.load_profile("any_machine")
KEY = "sim-tester"


@pytest.fixture(autouse=True)
def _nothing_hides(monkeypatch):
    """No error of ours hides behind the guard, and no test belongs to another's run."""
    monkeypatch.setattr(guard, "reraise", True)
    monkeypatch.setattr(guard, "_said", set())
    guard.failures.clear()
    monkeypatch.delenv("AGENTGAUGE_RUN_ID", raising=False)
    yield
    ag.shutdown()
    assert not guard.failures


@pytest.fixture
def server():
    """The simulated model server: its books are the judge."""
    with SimulatedServer(seed=3) as running:
        yield running


@pytest.fixture
def store(tmp_path):
    return tmp_path / "store.sqlite"


@pytest.fixture
def gauge(server, store, monkeypatch):
    """agentgauge, started on a store of its own, with the simulated server priced as OpenAI."""
    monkeypatch.setattr(ledger, "root", ledger.Account(parent=None, origin=ledger.Origin()))
    host = server.url.split("//")[1]
    settings = read_settings(
        {}, service_name="test", store=str(store), providers={host: "openai"}, set_global=False
    )
    ag.init(settings=settings)
    yield ag
    ag.shutdown()


@pytest.fixture
def client(server):
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key=KEY, max_retries=2) as made:
        yield made


@pytest.fixture
def async_client(server):
    """Made per test; closed by the loop that used it."""
    return openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key=KEY, max_retries=2)
