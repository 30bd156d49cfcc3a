"""The drivers over libvirt: ``xen.py`` and ``kvm.py`` are one table each, the rest is what they share."""
