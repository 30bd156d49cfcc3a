"""A Xen Dom0: the machine as libvirt, hypercalls and firmware report it together."""
