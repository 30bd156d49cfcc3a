"""The namespaces that the kernel starts with, as links in /proc/self/ns; namespaces(7), include/linux/proc_ns.h."""

FIRST_PID_NAMESPACE = "pid:[4026531836]"  # PROC_PID_INIT_INO, the same on every kernel since 3.8
FIRST_CGROUP_NAMESPACE = "cgroup:[4026531835]"  # PROC_CGROUP_INIT_INO
