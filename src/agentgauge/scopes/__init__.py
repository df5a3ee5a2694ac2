"""Workflow, agent, tool, step and role: whose call it was."""
