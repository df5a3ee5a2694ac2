"""`python -m agentgauge` is the command `agentgauge`."""

from agentgauge.cli import main

if __name__ == "__main__":
    main()
