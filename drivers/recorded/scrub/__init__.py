"""Replaces what identifies a machine or its owner in a recording, so that it can be shown to others."""

from .scrubber import Scrubbed, scrub

__all__ = ["Scrubbed", "scrub"]
