"""The demo: a small team of agents, and the simulated model server that it talks to."""
