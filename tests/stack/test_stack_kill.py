"""Laws 1 and 2 over the Collector's death: what was acknowledged counts once, whatever is killed when."""

import os
import random
import signal
from concurrent.futures import ThreadPoolExecutor

import doctored
import pytest
from eventually import eventually
from judge import differences
from local_stack import LocalStack
from senders import Sender

from agentgauge.stack.process import Running, alive

pytestmark = pytest.mark.timeout(3000)
DEMO = "agentgauge-demo"
SERVICES = [f"killed-{n}" for n in range(24)]
SENDERS = 4
SEEDS = (3, 5, 8)


@pytest.fixture
def own(binaries, tmp_path):
    """A stack of the test's own, stopped at its end."""
    made = LocalStack(tmp_path, AGENTGAUGE_FLUSH_INTERVAL="1s")
    made.up("--ports", "auto")
    yield made
    made.run("down")


def kill_collector(stack):
    running = next(Running(**one) for one in stack.state["processes"] if one["name"] == "collector")
    os.kill(running.pid, signal.SIGKILL)
    eventually(lambda: not alive(running))


def instances(stack):
    return {labels["service_instance_id"] for labels, _ in stack.query("agentgauge_calls_total")}


def test_a_killed_collector_loses_and_doubles_nothing(own, wire):
    report, bodies = wire
    requests = [doctored.replayed(bodies, service) for service in SERVICES]

    sender = Sender(("127.0.0.1", own.state["ports"]["otlp_http"]))
    with ThreadPoolExecutor(SENDERS) as senders:
        # Each request twice, from two connections, in an order that mixes first and second sends.
        twice = [*requests, *requests[::-1]]
        sent = [senders.submit(sender.deliver, request) for request in twice]
        for round_, seed in enumerate(SEEDS, start=1):
            chance = random.Random(seed)
            sender.wait_for(round_ * len(twice) // (len(SEEDS) + 1) - chance.randrange(4))
            kill_collector(own)
            own.up()
        for one in sent:
            one.result()

    for service in SERVICES:
        eventually(lambda of=service: differences(own, of, [report]) or "none", "none")
    assert sender.refused > 0, "nothing was sent while the Collector was dead"
    assert len(instances(own)) == 1


def test_counting_goes_on_from_the_old_sums_after_down_and_up(own, tmp_path):
    first = own.demo(tmp_path / "first.sqlite", seed=1)

    own.run("down")
    own.up("--ports", "auto")
    second = own.demo(tmp_path / "second.sqlite", seed=2)

    eventually(lambda: differences(own, DEMO, [first, second]) or "none", "none")
    assert len(instances(own)) == 1
    resets = own.query("max(resets(agentgauge_calls_total[10m]))")
    assert [value for _, value in resets] == [0.0]
