"""TLS and SASL for both ends of a connection."""
