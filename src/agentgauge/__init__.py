"""What every agent, tool and model call costs.

    import agentgauge as ag

    ag.init("support-bot")

    @ag.agent("researcher", role="responder")
    def research(topic): ...

Calls land in a local SQLite store that `agentgauge report` shows; with OTEL_EXPORTER_OTLP_ENDPOINT set they
go to a Collector as well.
"""

from agentgauge._version import __version__ as __version__
from agentgauge.budget import budget
from agentgauge.config import Settings
from agentgauge.errors import AgentgaugeError, BudgetExceeded
from agentgauge.init import init
from agentgauge.ledger import Usage
from agentgauge.lifecycle import shutdown
from agentgauge.recording import record_call
from agentgauge.scopes.open import agent, role, step, tool, workflow
from agentgauge.scopes.scope import current
from agentgauge.tokens import count

__all__ = [
    "AgentgaugeError",
    "BudgetExceeded",
    "Settings",
    "Usage",
    "agent",
    "budget",
    "count",
    "current",
    "init",
    "record_call",
    "role",
    "shutdown",
    "step",
    "tool",
    "workflow",
]
