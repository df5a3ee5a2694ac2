"""Agents and tools that a framework runs, recognised without any code of the user's.

One file per framework. Each waits until its framework is imported, then hears from it who is running, and
opens the same scopes that `agentgauge.agent` and `agentgauge.tool` would. Nothing that the user has set up
in a framework is changed, and of what is said nothing is read.
"""
