"""agentgauge's records in the formats that users of earlier trackers know.

    from agentgauge import formats

    with ag.workflow("trial", id="7") as trial:
        run_agent()
    json.dump(formats.llm_usage(trial), result_file)

- Of an open scope: `llm_usage` (one trial), `iteration_usage`, `checklist`, and `call_line(scope.last_call)`.
- After every call, as it ends: `on_call(listener)`, and `event_usage` or `call_line(event.call)` in it.
- Of what was recorded, this run by default (`Recorded` says which): `trials`, `requests` and `to_csv`,
  `text_export`, `execution_statistics`, `report` and `tool_analytics(report())`. The command line has them
  as `agentgauge report --format`.
- Before a request: `expected`, `routing_lines`, `step_lines`.

Every number is a recorded one; what nobody knows is None, or `unknown` in text. Nothing here prints.
"""

from __future__ import annotations

from agentgauge.pipeline.events import CallEvent
from agentgauge.report.analytics import Expected, expected, tool_analytics
from agentgauge.report.call_line import (
    call_line,
    checklist,
    parser_lines,
    parser_tokens,
    routing_lines,
    step_lines,
)
from agentgauge.report.export import text_export
from agentgauge.report.iteration import event_usage, iteration_usage, on_call
from agentgauge.report.recorded import Recorded, report
from agentgauge.report.requests import requests, to_csv
from agentgauge.report.statistics import execution_statistics
from agentgauge.report.trial import llm_usage, trials

__all__ = [
    "CallEvent",
    "Expected",
    "Recorded",
    "call_line",
    "checklist",
    "event_usage",
    "execution_statistics",
    "expected",
    "iteration_usage",
    "llm_usage",
    "on_call",
    "parser_lines",
    "parser_tokens",
    "report",
    "requests",
    "routing_lines",
    "step_lines",
    "text_export",
    "to_csv",
    "tool_analytics",
    "trials",
]
