"""Without a store, spans wait for their endpoint in memory: bounded, and never dropped in silence."""

import logging

import agentgauge as ag
from agentgauge.config import read_settings
from agentgauge.store import write

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}


def test_what_a_full_outbox_drops_is_said_once(client, monkeypatch, caplog):
    monkeypatch.setattr(write, "MEMORY_SPANS", 2)
    nobody = "http://127.0.0.1:9"
    ag.init(
        settings=read_settings(
            {}, service_name="wired", store="off", endpoint=nobody, flush_timeout_s=0.5, set_global=False
        )
    )
    with caplog.at_level(logging.WARNING, logger="agentgauge"):
        for _ in range(6):
            client.chat.completions.create(**ASK)
        ag.shutdown()

    assert sum("were dropped" in record.message for record in caplog.records) == 1
