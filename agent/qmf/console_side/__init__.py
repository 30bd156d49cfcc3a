"""The console's half of the protocol: builds requests, reads responses, and keeps the state of both."""
