"""What `agentgauge doctor` looks at: each file examines one part of an installation."""
