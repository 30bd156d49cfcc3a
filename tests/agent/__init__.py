"""The agent as consoles meet it."""
