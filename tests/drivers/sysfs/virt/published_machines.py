"""Machines as published: the evidence in their files, and what they are by their source."""

HYPERVISOR_FLAG = "processor\t: 0\nflags\t\t: fpu tsc hypervisor lm\n"
NO_FLAG = "processor\t: 0\nflags\t\t: fpu tsc lm\n"
DMI = "sys/class/dmi/id/"
CLOCKS = "sys/devices/system/clocksource/clocksource0/available_clocksource"
END_OF_TABLE = bytes((127, 4, 1, 0, 0, 0))


def type_0(extension_byte_2: int) -> bytes:
    """Return the firmware's structure of SMBIOS 2.4 (DSP0134 7.1) without strings."""
    return bytes((0, 24, 0, 0)) + bytes(15) + bytes((extension_byte_2,)) + bytes(4) + b"\0\0"


Files = dict[str, str | bytes]


# files; role, guest_of, is_virtual_machine
MACHINES: dict[str, tuple[Files, tuple[str | None, str | None, bool | None]]] = {
    # Linux, Documentation/ABI/stable/sysfs-hypervisor-xen; xen/include/public/features.h: XENFEAT_dom0 is bit 11
    "xen-dom0": (
        {
            "sys/hypervisor/type": "xen",
            "sys/hypervisor/properties/features": "000228f0",
            "proc/cpuinfo": HYPERVISOR_FLAG,
        },
        ("xen-dom0", None, None),
    ),
    "xen-dom0-on-hardware": (
        {
            "sys/hypervisor/type": "xen",
            "sys/hypervisor/properties/features": "000228f0",
            "proc/cpuinfo": HYPERVISOR_FLAG,
            DMI + "sys_vendor": "Dell Inc.",
            DMI + "product_name": "PowerEdge R740",
        },
        ("xen-dom0", None, False),
    ),
    "xen-dom0-by-xenfs": (
        {"sys/hypervisor/type": "xen", "proc/xen/capabilities": "control_d\n"},
        ("xen-dom0", None, None),
    ),
    "xen-pv-domu": (
        {
            "sys/hypervisor/type": "xen",
            "sys/hypervisor/properties/features": "000020f0",
            "sys/hypervisor/guest_type": "PV",
            "proc/xen/capabilities": "",
            "proc/cpuinfo": HYPERVISOR_FLAG,
        },
        ("xen-domu", "xen", True),
    ),
    # xl's HVM guests: SMBIOS of xen/tools/firmware/hvmloader/smbios.c
    "xen-hvm-without-drivers": (
        {DMI + "sys_vendor": "Xen", DMI + "product_name": "HVM domU", "proc/cpuinfo": HYPERVISOR_FLAG},
        ("xen-domu", "xen", True),
    ),
    "empty-proc-xen-is-no-evidence": ({"proc/xen/": "", "proc/cpuinfo": NO_FLAG}, ("bare-metal", None, False)),
    "hardware": (
        {"proc/cpuinfo": NO_FLAG, DMI + "sys_vendor": "HP", DMI + "product_name": "ProLiant DL380"},
        ("bare-metal", None, False),
    ),
    "hardware-with-kvm": ({"proc/cpuinfo": NO_FLAG, "sys/class/misc/kvm/": ""}, ("kvm-host", None, False)),
    "nested-kvm-host": (
        {"proc/cpuinfo": HYPERVISOR_FLAG, "sys/class/misc/kvm/": "", CLOCKS: "kvm-clock tsc acpi_pm \n"},
        ("kvm-host", "kvm", True),
    ),
    # QEMU's SMBIOS default (hw/i386/pc.c); with KVM its clock source exists (arch/x86/kernel/kvmclock.c)
    "qemu-emulating": (
        {"proc/cpuinfo": HYPERVISOR_FLAG, DMI + "sys_vendor": "QEMU", CLOCKS: "tsc hpet acpi_pm \n"},
        ("guest", "qemu", True),
    ),
    "qemu-with-kvm": (
        {"proc/cpuinfo": HYPERVISOR_FLAG, DMI + "sys_vendor": "QEMU", CLOCKS: "kvm-clock tsc acpi_pm \n"},
        ("guest", "kvm", True),
    ),
    "no-firmware-with-kvm": ({"proc/cpuinfo": HYPERVISOR_FLAG, CLOCKS: "tsc kvm-clock \n"}, ("guest", "kvm", True)),
    # https://kb.vmware.com/s/article/1009458
    "vmware": (
        {
            "proc/cpuinfo": HYPERVISOR_FLAG,
            DMI + "sys_vendor": "VMware, Inc.",
            DMI + "product_name": "VMware Virtual Platform",
        },
        ("guest", "vmware", True),
    ),
    "virtualbox-without-the-flag": (
        {"proc/cpuinfo": NO_FLAG, DMI + "sys_vendor": "innotek GmbH", DMI + "product_name": "VirtualBox"},
        ("guest", "oracle", True),
    ),
    "hyper-v": (
        {
            "proc/cpuinfo": HYPERVISOR_FLAG,
            DMI + "sys_vendor": "Microsoft Corporation",
            DMI + "product_name": "Virtual Machine",
        },
        ("guest", "microsoft", True),
    ),
    "microsoft-hardware": (
        {"proc/cpuinfo": NO_FLAG, DMI + "sys_vendor": "Microsoft Corporation", DMI + "product_name": "Surface Pro 7"},
        ("bare-metal", None, False),
    ),
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify_ec2_instances.html
    "amazon": (
        {"proc/cpuinfo": HYPERVISOR_FLAG, DMI + "sys_vendor": "Amazon EC2", DMI + "product_name": "m5.large"},
        ("guest", "amazon", True),
    ),
    "amazon-metal": (
        {"proc/cpuinfo": NO_FLAG, DMI + "sys_vendor": "Amazon EC2", DMI + "product_name": "m5.metal"},
        ("bare-metal", None, False),
    ),
    "amazon-metal-arm": (
        {"proc/cpuinfo": "CPU architecture: 8\n", DMI + "sys_vendor": "Amazon EC2", DMI + "product_name": "m6g.metal"},
        ("bare-metal", None, False),
    ),
    "amazon-arm": (
        {"proc/cpuinfo": "CPU architecture: 8\n", DMI + "sys_vendor": "Amazon EC2", DMI + "product_name": "m6g.large"},
        ("guest", "amazon", True),
    ),
    "google": (
        {"proc/cpuinfo": HYPERVISOR_FLAG, DMI + "product_name": "Google Compute Engine"},
        ("guest", "google", True),
    ),
    # https://github.com/systemd/systemd/pull/38125: whole machines have the same SMBIOS names
    "google-metal": (
        {
            "proc/cpuinfo": "flags\t\t: fpu tsc lm vmx\n",
            DMI + "sys_vendor": "Google",
            DMI + "product_name": "Google Compute Engine",
        },
        ("bare-metal", None, False),
    ),
    "google-arm": (
        {"proc/cpuinfo": "CPU architecture: 8\n", DMI + "product_name": "Google Compute Engine"},
        ("guest", "google", True),
    ),
    # https://github.com/systemd/systemd/pull/43347
    "alibaba-arm": (
        {
            "proc/cpuinfo": "CPU architecture: 8\n",
            DMI + "sys_vendor": "Alibaba Cloud",
            DMI + "product_name": "Alibaba Cloud ECS",
        },
        ("guest", "kvm", True),
    ),
    "alibaba-metal": (
        {"proc/cpuinfo": NO_FLAG, DMI + "product_name": "Alibaba Cloud ECS"},
        ("bare-metal", None, False),
    ),
    "openstack": ({"proc/cpuinfo": HYPERVISOR_FLAG, DMI + "product_name": "OpenStack Nova"}, ("guest", "kvm", True)),
    # DSP0134 7.1.2.2: bit 4 of the second extension byte
    "virtual-machine-bit-of-an-entry": (
        {
            "proc/cpuinfo": "CPU architecture: 8\n",
            DMI + "sys_vendor": "Some Cloud",
            "sys/firmware/dmi/entries/0-0/raw": type_0(0x1C),
        },
        ("guest", "vm-other", True),
    ),
    "virtual-machine-bit-of-the-table": (
        {
            "proc/cpuinfo": "CPU architecture: 8\n",
            DMI + "sys_vendor": "Some Cloud",
            "sys/firmware/dmi/tables/DMI": type_0(0x14) + END_OF_TABLE,
        },
        ("guest", "vm-other", True),
    ),
    "virtual-machine-bit-with-a-hidden-flag": (
        {"proc/cpuinfo": NO_FLAG, DMI + "sys_vendor": "LENOVO", "sys/firmware/dmi/tables/DMI": type_0(0x10)},
        ("guest", "vm-other", True),
    ),
    "arm-server-with-a-clear-bit": (
        {
            "proc/cpuinfo": "CPU architecture: 8\n",
            DMI + "sys_vendor": "GIGABYTE",
            "sys/firmware/dmi/tables/DMI": type_0(0x0D) + END_OF_TABLE,
        },
        ("bare-metal", None, False),
    ),
    "amazon-arm-with-a-clear-bit": (
        {
            "proc/cpuinfo": "CPU architecture: 8\n",
            DMI + "sys_vendor": "Amazon EC2",
            "sys/firmware/dmi/tables/DMI": type_0(0x0D) + END_OF_TABLE,
        },
        ("bare-metal", None, False),
    ),
    "arm-names-without-the-table": (
        {"proc/cpuinfo": "CPU architecture: 8\n", DMI + "sys_vendor": "GIGABYTE"},
        (None, None, None),
    ),
    # drivers/ptp/ptp_kvm_common.c
    "arm-with-kvms-clock-device": (
        {"proc/cpuinfo": "CPU architecture: 8\n", "sys/class/ptp/ptp0/clock_name": "KVM virtual PTP\n"},
        ("guest", "kvm", True),
    ),
    # https://github.com/systemd/systemd/issues/13429: the names of the laptop, KVM's clock, VirtualBox' device
    "virtualbox-with-the-names-of-its-host": (
        {
            "proc/cpuinfo": HYPERVISOR_FLAG,
            DMI + "sys_vendor": "LENOVO",
            DMI + "board_vendor": "Oracle Corporation",
            CLOCKS: "kvm-clock tsc acpi_pm \n",
            "proc/bus/pci/devices": "0020\t80eebeef\t12\te0000008\t0\n",
        },
        ("guest", "oracle", True),
    ),
    # a node of a cloud with nested virtualisation, and one that libvirt made a host
    "cloud-with-kvm": (
        {
            "proc/cpuinfo": HYPERVISOR_FLAG,
            "sys/class/misc/kvm/": "",
            DMI + "sys_vendor": "Microsoft Corporation",
            DMI + "product_name": "Virtual Machine",
        },
        ("guest", "microsoft", True),
    ),
    "cloud-with-kvm-and-libvirt": (
        {
            "proc/cpuinfo": HYPERVISOR_FLAG,
            "sys/class/misc/kvm/": "",
            "run/libvirt/qemu/": "",
            DMI + "product_name": "Google Compute Engine",
        },
        ("kvm-host", "google", True),
    ),
    "unknown-hypervisor": ({"proc/cpuinfo": HYPERVISOR_FLAG}, ("guest", "vm-other", True)),
    # arch/x86/include/asm/cpufeatures.h: word 4, bit 31 is the hypervisor's; cpu modalias lists feature numbers in hex
    "flag-in-the-modalias": (
        {"sys/devices/system/cpu/modalias": "cpu:type:x86,ven0002fam0019mod0001:feature:,0000,009F,00C0"},
        ("guest", "vm-other", True),
    ),
    "no-flag-in-the-modalias": (
        {"sys/devices/system/cpu/modalias": "cpu:type:x86,ven0000fam0006mod00BA:feature:,0000,009E,00C0"},
        ("bare-metal", None, False),
    ),
    # Documentation/devicetree/bindings: linux,kvm and xen,xen under /hypervisor
    "power-kvm": (
        {"proc/device-tree/hypervisor/compatible": b"linux,kvm\0", "proc/device-tree/compatible": b"qemu,pseries\0"},
        ("guest", "kvm", True),
    ),
    "arm-xen": (
        {
            "proc/device-tree/hypervisor/compatible": b"xen,xen-4.17\0xen,xen\0",
            "proc/device-tree/compatible": b"xen,xenvm\0",
        },
        ("xen-domu", "xen", True),
    ),
    # PAPR+: a partition has a name, and a management console is known by its property
    "powervm": (
        {"proc/device-tree/ibm,partition-name": b"lp1\0", "proc/device-tree/hmc-managed?": b"\0\0\0\1"},
        ("guest", "powervm", True),
    ),
    "powernv": (
        {"proc/cpuinfo": "cpu\t: POWER9\n\ntimebase\t: 512000000\nplatform\t: PowerNV\nmachine\t: PowerNV\n"},
        ("bare-metal", None, False),
    ),
    "raspberry-pi": (
        {
            "proc/device-tree/model": b"Raspberry Pi 4 Model B Rev 1.4\0",
            "proc/device-tree/compatible": b"raspberrypi,4-model-b\0",
        },
        ("bare-metal", None, False),
    ),
    # QEMU, hw/arm/virt.c
    "arm-qemu-virt": (
        {"proc/device-tree/compatible": b"linux,dummy-virt\0", "proc/device-tree/fw-cfg@9020000/": ""},
        ("guest", "qemu", True),
    ),
    "arm-dummy-virt": ({"proc/device-tree/compatible": b"linux,dummy-virt\0"}, ("guest", "vm-other", True)),
    # s390: arch/s390/kernel/sysinfo.c
    "z-vm": (
        {"proc/sysinfo": "Manufacturer: IBM\nLPAR Number: 4\nVM00 Name: LINUX1\nVM00 Control Program: z/VM    7.3.0\n"},
        ("guest", "zvm", True),
    ),
    "z-partition": (
        {"proc/sysinfo": "Manufacturer: IBM\nLPAR Number: 41\nLPAR Name: R17LP39\n"},
        ("guest", "pr/sm", True),
    ),
    "arm-without-evidence": ({"proc/cpuinfo": "CPU implementer\t: 0x41\nCPU architecture: 7\n"}, (None, None, None)),
}
