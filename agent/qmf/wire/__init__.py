"""Messages and what they consist of: typed values, limits, encodings, addresses and routing keys."""
