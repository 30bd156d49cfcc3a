"""The agent's side of the protocol: requests in, responses and indications out."""
