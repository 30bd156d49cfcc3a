"""What the environment sets for a run of the nodes tests."""

import os
import random

NODES = tuple(os.environ.get("HOSTINFO_NODES", "").split())
"""Only these shapes; empty: all of them."""
SEED = int(os.environ.get("HOSTINFO_NODE_SEED") or random.SystemRandom().randrange(10**6))
PARALLEL = int(os.environ.get("HOSTINFO_NODES_PARALLEL") or min(2, os.cpu_count() or 1))
KEEP = os.environ.get("HOSTINFO_NODES_OUT", "")
IS_REQUIRED = os.environ.get("HOSTINFO_REQUIRE_NODES") == "1"
BOOT_SECONDS = int(os.environ.get("HOSTINFO_BOOT_SECONDS") or 700)
SLOWDOWN = BOOT_SECONDS / 700
"""Every other limit grows by the same factor, for a machine that is busy with other work."""
