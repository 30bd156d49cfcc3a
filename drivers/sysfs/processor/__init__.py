"""Parts of the CPU group: /proc/cpuinfo, topology, caches, frequencies."""
