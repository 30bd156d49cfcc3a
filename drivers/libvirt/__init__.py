"""Drivers over a libvirt daemon: ``kvm.py`` and ``test.py`` open one each, ``remote.py`` has the table of any host."""
