"""Parts of the hypervisor and domain groups: virtualisation, containers, control groups."""
