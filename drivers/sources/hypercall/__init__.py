"""Xen's hypercalls through /dev/xen/privcmd, and the layouts of their results."""
