"""The guest of a node: its libvirt XML, the job that it runs, and the steps that start it and wait for it."""

from pathlib import Path

from .boot import Step
from .shape import Guest, Shape

CONSOLE = {"xen-dom0": "/var/log/xen/console/guest-{0}.log", "kvm": "/var/log/libvirt/qemu/{0}-console.log"}
INITRD = "/var/lib/libvirt/images/guest-initrd"
GUEST_BEGIN = "---- begin of the guest job ----"
GUEST_END = "---- end of the guest job ----"
# Compressed, because a console is slow. The end is printed twice, in case a line is cut.
GUEST_JOB = f"""export PYTHONPATH=/run/job/hostinfo PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
mkdir /run/out; cd /run/out
python3 -m hostinfo dump --json >dump.out 2>dump.err; echo $? >dump.status
cp /proc/cpuinfo cpuinfo.out; cp /proc/meminfo meminfo.out
cat /sys/hypervisor/type /sys/hypervisor/uuid >sys-hypervisor.out 2>/dev/null
echo; echo '{GUEST_BEGIN}'
tar -czf - . | base64
echo '{GUEST_END}'; echo '{GUEST_END}'
"""


def guest_payload(shape: Shape, folder: Path) -> list[Path]:
    """Write the files that the guest needs; return their paths, for the share."""
    if shape.guest is None:
        return []
    xml, script = folder / "guest.xml", folder / "guest.sh"
    xml.write_text(guest_xml(shape, shape.guest))
    script.write_text(GUEST_JOB)
    return [xml, script]


def start_guest(shape: Shape, guest: Guest) -> list[Step]:
    uri = "xen:///system" if shape.kind == "xen-dom0" else "qemu:///system"
    # The job is part of the guest's initial ramdisk: a second disk costs ten seconds of hotplug scripts.
    pack = (
        "set -e; mkdir -p /run/pack/job; cp /mnt/guest.sh /run/pack/job; cp -r /run/hostinfo /run/pack/job\n"
        "cd /run/pack; find job | cpio --quiet -o -H newc >/run/job.cpio\n"
        # The kernel ignores an uncompressed archive that does not begin at a multiple of four bytes.
        f"cp /boot/node-initrd {INITRD}; truncate --size=%4 {INITRD}; cat /run/job.cpio >>{INITRD}; chmod 644 {INITRD}"
    )
    return [
        Step(name="guest-pack", command=pack),
        Step(name="guest-start", command=f"virsh -c {uri} create /mnt/guest.xml", limit_seconds=120),
        Step(name="guest-xml", command=f"virsh -r -c {uri} dumpxml {guest.name}"),
    ]


def wait_guest(shape: Shape, guest: Guest) -> list[Step]:
    log = CONSOLE[shape.kind].format(guest.name)
    return [
        Step(name="guest-wait", command=f"until grep -q -e '{GUEST_END}' {log}; do sleep 3; done", limit_seconds=240),
        Step(name="guest-console", command=f"cat {log}"),
    ]


def guest_xml(shape: Shape, guest: Guest) -> str:
    xen, log = shape.kind == "xen-dom0", CONSOLE[shape.kind].format(guest.name)
    root = "xvda" if xen else "vda"
    system = (
        "<type arch='x86_64' machine='xenpv'>linux</type>" if xen else "<type arch='x86_64' machine='pc'>hvm</type>"
    )
    console = (
        "<console type='pty'><target type='xen' port='0'/></console>"
        if xen
        else f"<console type='file'><source path='{log}'/><target type='virtio' port='0'/></console>"
    )
    driver = "" if xen else "<driver name='qemu' type='raw'/>"
    bus = "xen" if xen else "virtio"
    return f"""<domain type='{"xen" if xen else "kvm"}'>
  <name>{guest.name}</name><uuid>{guest.uuid}</uuid>
  <memory unit='MiB'>{guest.mib}</memory><vcpu>{guest.cpus}</vcpu>
  <os>{system}<kernel>/vmlinuz</kernel><initrd>{INITRD}</initrd>
    <cmdline>root=/dev/{root} ro quiet console=hvc0 mitigations=off init=/usr/lib/hostinfo-nodes/guest</cmdline></os>
  <on_poweroff>destroy</on_poweroff><on_reboot>destroy</on_reboot><on_crash>destroy</on_crash>
  <devices>
    <disk type='block' device='disk'>{driver}<source dev='/dev/vdb'/>
      <target dev='{root}' bus='{bus}'/><readonly/></disk>
    {console}
  </devices>
</domain>
"""
