"""agentgauge's records in the formats that users of earlier trackers know.

    from agentgauge import formats

    with ag.workflow("trial", id="7") as trial:
        run_agent()
    json.dump(formats.llm_usage(trial), result_file)

Every number is a recorded one; what nobody knows is None, or `unknown` in text. Nothing here prints.
"""

from __future__ import annotations

from agentgauge.report.recorded import Recorded, report
from agentgauge.report.trial import llm_usage, trials

__all__ = [
    "Recorded",
    "llm_usage",
    "report",
    "trials",
]
