"""Published values that are not those of the hardware: machine -> value -> (correct value, reason).

None: the files do not contain the value.
"""

Exceptions = dict[str, dict[str, tuple[object, str]]]

FAILURES: dict[str, dict[str, str]] = {
    "Beelink-EQ12.dmi": {
        f"memory.{field}": "the table breaks off"  # 4,291 of at most 5,809 bytes, and no end-of-table structure
        for field in ("installed_bytes", "maximum_bytes", "slots", "dimms")
    },
}
"""Machines whose files contain something broken: machine -> path -> part of the message."""

_LPAR = "the hypervisor hides packages (physical_package_id -1) and the kernel fills each core's threads in for them"
_NO_TOPOLOGY = "the hypervisor reports no topology (physical_package_id -1); lscpu counts each CPU as a package"
_PER_KIND = "lscpu numbers and prints each kind of core separately"

LSCPU: Exceptions = {
    "arm-A510-A710-A715-X3": {
        "cores": (8, f"{_PER_KIND}: 3 + 2 + 2 + 1"),
        "max_frequency_hz": (3_187_200_000, f"{_PER_KIND}: this is the Cortex-X3's"),
    },
    "ppc64-POWER7": {"sockets": (None, _LPAR)},
    "ppc64-POWER7-64cpu": {"sockets": (None, _LPAR)},
    "s390-kvm": {"sockets": (None, _NO_TOPOLOGY)},
    "s390-zvm": {"sockets": (None, _NO_TOPOLOGY)},
    "sparc64": {
        "flags": (
            "flush stbar swap muldiv v9 mul32 div32 v8plus vis",
            "lscpu prints the kind of system (sun4u) as flags",
        )
    },
    "vmware_fpe": {
        "cores": (16, "lscpu counts Bulldozer modules; the Opteron 6328 has 8 cores, and the kernel 8 core numbers"),
        "threads_per_core": (1, "lscpu counts modules; a module has two cores"),
        "max_frequency_hz": (None, "acpi-cpufreq with boost: lscpu's 3.2 GHz is the frequency without it"),
    },
}

_ONE_DESCRIPTION = "/proc/cpuinfo describes one CPU only, and so names no other; pytorch/cpuinfo knows the chip"

PHONES: Exceptions = {
    "nexus6p": {"core names": (("Cortex-A53",), f"{_ONE_DESCRIPTION}; the Cortex-A57s are offline")},
    "scaleway": {"processors": (6, "present lists CPUs 0 to 5; the published 2 are a smaller instance")},
    "xiaomi-redmi-note-3": {"core names": ((), _ONE_DESCRIPTION)},
}

_MANY = "hwloc counts what the process may use (cgroup, cpuset); the machine has more"
_CONFLICT = "hwloc's authors edited these sets to contradict each other"

HWLOC: Exceptions = {
    "256ppc-8n8s4t": {"sockets": (None, _LPAR)},
    "2arm-2c": {"model_name": ("Cortex-A9", "the kernel's name of the architecture; part 0xc09 is the Cortex-A9")},
    "2ps3-2t": {"sockets": (1, "hwloc shows no package without a number; one core is in one package")},
    "40intel64-4n10c+pci-conflicts": {
        "sockets": (4, _CONFLICT),
        "L3 of 31457280": (5, _CONFLICT),
    },
    "8em64t-2s2ca2c-buggynuma": {
        "nodes": (8, "emulated by the kernel (numa=fake=8); hwloc merges nodes with the same CPUs")
    },
    "16amd64-8n2c-cpusets": {
        "threads": (15, _MANY),
        "online": (tuple(n for n in range(16) if n != 4), _MANY),
        "cores": (15, _MANY),
        "sockets": (8, _MANY),
        "nodes": (8, _MANY),
        "L1d of 65536": (15, _MANY),
        "L1i of 65536": (15, _MANY),
        "L2 of 1048576": (15, _MANY),
    },
    "16amd64-4n4c-cgroup-distance-merge": {
        "threads": (16, _MANY),
        "online": (tuple(range(16)), _MANY),
        "cores": (16, _MANY),
        "sockets": (4, _MANY),
        "nodes": (4, _MANY),
        "L3 of 2097152": (4, _MANY),
    },
    "16em64t-4s2ca2c-cpusetreorder": {
        "threads": (16, _MANY),
        "online": (tuple(range(16)), _MANY),
        "cores": (16, _MANY),
        "L1d of 16384": (16, _MANY),
    },
    "32amd64-4s2n4c-cgroup2": {
        "threads": (32, _MANY),
        "online": (tuple(range(32)), _MANY),
        "cores": (32, _MANY),
        "sockets": (4, _MANY),
        "nodes": (8, _MANY),
        "L1d of 65536": (32, _MANY),
        "L2 of 524288": (32, _MANY),
        "L3 of 5240832": (8, _MANY),
    },
    "4fake-4gr1nu1pu": {
        "threads": (4, _MANY),
        "online": ((0, 1, 2, 3), _MANY),
        "cores": (None, "the tree has no core numbers; hwloc shows no cores"),
        "nodes": (4, _MANY),
    },
    "fakememinitiators-1np2c+1npp+gi": {
        "nodes": (11, "hwloc shows nodes with memory only; 4 have CPUs only, one is a generic initiator")
    },
    "memorysidecaches": {
        "L3 of 29360128": (None, "28160 KiB in sysfs; hwloc rounds to MiB in this text"),
    },
    "nvidiagpunumanodes": {"nodes": (8, "hwloc leaves out the memory of the six GPUs, which the kernel has as nodes")},
}

_SECONDARY = "libvirt counts the secondary threads of POWER, which are offline for KVM"
_IRREGULAR = "libvirt reports one node and socket where the topology is not regular"

LIBVIRT: Exceptions = {
    "ppc64-deconf-cpus": {
        "threads": (10, _SECONDARY),
        "cores": (10, _SECONDARY),
        "nodes": (4, _IRREGULAR),
        "sockets": (4, _IRREGULAR),
    },
    "ppc64-subcores1": {"threads": (20, _SECONDARY), "threads_per_core": (1, _SECONDARY)},
    "x86_64-test1": {"nodes": (2, _IRREGULAR)},
    "x86_64-test3": {"sockets": (4, "libvirt counts sockets per node; the Opteron 6172 has two nodes in each")},
}
