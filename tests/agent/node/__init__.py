"""The agent in a process of its own."""
