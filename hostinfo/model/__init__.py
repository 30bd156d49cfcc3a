"""The model: what a host's facts are, one file a group; see each module."""
