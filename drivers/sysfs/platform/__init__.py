"""Parts of the system group: firmware, architecture and configuration files."""
