"""Configs to measure: whole pipelines as they are generated, and pipelines of one stage each."""

import yaml

from agentgauge.stack.shipped import shipped

NOWHERE = {"receivers": ["otlp"], "exporters": ["nop"]}
NOP = {"nop": {}}


def ours():
    """The generated config of our Collector."""
    return shipped("collector/config.yaml").read_text()


def stock():
    """The generated config of a stock one, with the same metrics as far as it can."""
    return shipped("collector/config.contrib.yaml").read_text()


def receiving(*processors):
    """Spans come in, go through these processors of our config, and nowhere."""
    return _only(ours(), {"traces": NOWHERE | {"processors": ["memory_limiter", *processors]}}, connectors=[])


def counting_ours():
    """Only the usage connector, with its journal on disk."""
    return _only(
        ours(),
        {
            "traces": {"receivers": ["otlp"], "processors": ["memory_limiter"], "exporters": ["usage"]},
            "metrics": {"receivers": ["usage"], "exporters": ["nop"]},
        },
        connectors=["usage"],
    )


def counting_stock():
    """Only the stock connector and what makes its points cumulative."""
    made = "signal_to_metrics"
    return _only(
        stock(),
        {
            "traces": {"receivers": ["otlp"], "processors": ["memory_limiter"], "exporters": [made]},
            "metrics": {
                "receivers": [made],
                "processors": ["delta_to_cumulative", "interval"],
                "exporters": ["nop"],
            },
        },
        connectors=[made],
    )


def sink():
    """Takes what a whole pipeline sends, where Prometheus would, and forgets it."""
    content = yaml.safe_load(_only(ours(), {"traces": NOWHERE, "metrics": NOWHERE}, connectors=[]))
    http = content["receivers"]["otlp"]["protocols"]["http"]
    http["metrics_url_path"] = "/api/v1/otlp/v1/metrics"
    return yaml.safe_dump(content)


def _only(text, pipelines, *, connectors):
    """The config with these pipelines, and nothing that they do not use."""
    content = yaml.safe_load(text)
    used = {name for pipeline in pipelines.values() for name in pipeline.get("processors", [])}
    content["processors"] = {name: one for name, one in content["processors"].items() if name in used}
    content["connectors"] = {name: content["connectors"][name] for name in connectors}
    content["exporters"] = NOP
    content["service"]["pipelines"] = pipelines
    return yaml.safe_dump(content, sort_keys=False)
