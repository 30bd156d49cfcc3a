"""Readers shared by the memory and NUMA groups: huge pages, nodes; "mm" is the kernel's memory management."""
