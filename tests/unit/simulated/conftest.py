"""A simulated server, and the plain openai client to it."""

import openai
import pytest
from booked import KEY

from agentgauge.demo.simulated import SimulatedServer


@pytest.fixture
def server():
    with SimulatedServer(seed=3) as running:
        yield running


@pytest.fixture
def client(server):
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key=KEY, max_retries=0) as made:
        yield made
