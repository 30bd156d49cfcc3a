"""Replaces what identifies a machine or its owner in a recording, so that it can be published."""
