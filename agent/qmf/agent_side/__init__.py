"""The agent's half of the protocol: requests in, responses and indications out."""
