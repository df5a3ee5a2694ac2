"""What `agentgauge run` puts on its child's PYTHONPATH: a sitecustomize that waits for the model clients."""
