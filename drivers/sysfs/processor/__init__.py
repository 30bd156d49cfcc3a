"""Parts of the CPU group: /proc/cpuinfo, topology, caches, frequencies."""

CPU_DIR = "sys/devices/system/cpu"
