"""Counting by tiktoken, and what each tool's part of a call is."""

from __future__ import annotations

from agentgauge.tokens.counted import Counted, Kind, OutputCalls, Segment
from agentgauge.tokens.estimate import Estimate, count
from agentgauge.tokens.exchange import count_exchange
from agentgauge.tokens.settle import settle

__all__ = ["Counted", "Estimate", "Kind", "OutputCalls", "Segment", "count", "count_exchange", "settle"]
