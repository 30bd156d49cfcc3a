"""What a node is asked to do: the oracles, our dumps, the guest, and what befalls libvirt."""

from pathlib import Path

from .boot import VISIT, Step
from .shape import Guest, Shape

HOSTINFO = "python3 -m hostinfo"
CONSOLE = {"xen-dom0": "/var/log/xen/console/guest-{0}.log", "kvm": "/var/log/libvirt/qemu/{0}-console.log"}
INITRD = "/var/lib/libvirt/images/guest-initrd"
EACH_CARD = 'for card in /sys/class/net/*/device; do card=${card%/device}; ip link set "${card##*/}"'
NAME_OF_CARD = "grep -l {0} /sys/class/net/*/address | cut -d / -f 5"
NODE_ADDRESS = "10.0.2.15"  # the address that QEMU's user network forwards to
VISIT_SECONDS = 240
GUEST_END = "---- end of the guest job ----"


def oracles(shape: Shape) -> list[Step]:
    """What other tools and the kernel say, in the very boot that we look at."""
    steps = [
        Step(name="meminfo", command="cat /proc/meminfo"),
        Step(name="cpuinfo", command="cat /proc/cpuinfo"),
        Step(name="lscpu", command="lscpu -J"),
        Step(name="ip-addr", command="ip -j -d addr"),
        Step(name="dmidecode", command="dmidecode"),
        Step(name="uname", command="uname -srm"),
    ]
    if shape.kind == "xen-dom0":
        steps += [
            Step(name="xl-info", command="xl info -n"),
            Step(name="xen-cpuid", command="/usr/lib/xen-*/bin/xen-cpuid -p"),
        ]
    if shape.libvirt == "works":
        uri = "xen:///system" if shape.kind == "xen-dom0" else "qemu:///system"
        steps += [
            Step(name=f"virsh-{word}", command=f"virsh -r -c {uri} {word}")
            for word in ("nodeinfo", "capabilities", "sysinfo")
        ]
    if shape.libvirt == "refuses":
        steps.append(Step(name="virsh-nodeinfo", command="virsh -r -c xen:///system nodeinfo", limit_seconds=20))
    return steps


def dumps(suffix: str = "", *, patient: bool = True) -> list[Step]:
    """Everything, as root and as an ordinary user; patiently where libvirt works: it is twenty times slower here."""
    command = f"{'HOSTINFO_DEADLINE_SECONDS=40 ' if patient else ''}{HOSTINFO} dump --json"
    return [
        Step(name=f"dump{suffix}", command=command),
        Step(name=f"dump-user{suffix}", command=command, ordinary_user=True),
    ]


def job(shape: Shape, *, is_visited: bool = False) -> list[Step]:
    """The whole job of a shape."""
    steps = [*stack(shape), *links_up(shape), *oracles(shape), *dumps(patient=shape.libvirt == "works")]
    steps.append(
        Step(
            name="record",
            command=f'{HOSTINFO} record "$SHARE/recording" && tar -cf - -C "$SHARE" recording | wc -c'.replace(
                "$SHARE", "/mnt/out"
            ),
        )
    )
    steps += visited(shape) if is_visited else []
    if shape.guest:
        steps += [*start_guest(shape, shape.guest), *dumps("-with-guest"), *wait_guest(shape, shape.guest)]
    if shape.torment:
        steps += torment()
    return steps


def visited(shape: Shape) -> list[Step]:
    """An address on the card that QEMU forwards to, and time for who comes from outside (visit.py)."""
    card = shape.stack.bond if shape.stack else f"$({NAME_OF_CARD.format(shape.nics[0].mac)})"
    return [
        Step(name="address", command=f"ip addr add {NODE_ADDRESS}/24 dev {card}"),
        Step(name=VISIT, command="python3 /mnt/errands.py /mnt", limit_seconds=VISIT_SECONDS),
    ]


def links_up(shape: Shape) -> list[Step]:
    """Cards without a link are down at boot; speed and carrier are facts only of cards that are up."""
    if shape.stack:
        return []
    return [Step(name="links-up", command=f"udevadm settle; {EACH_CARD} up; done; sleep 1")]


def stack(shape: Shape) -> list[Step]:
    stack = shape.stack
    if stack is None:
        return []
    first = shape.nics[0].mac
    bond, vlan, bridge = stack.bond, stack.vlan, stack.bridge
    commands = [
        f"ip link add {bond} type bond mode {stack.mode} miimon {stack.miimon}",
        f"udevadm settle; first=$({NAME_OF_CARD.format(first)})",
        f"{EACH_CARD} master {bond}; done",
        f"ip link set {bond} up; ip link set {bond} type bond primary $first",  # QEMU forwards to that one
        f"ip link add link {bond} name {vlan} type vlan id {stack.vlan_id}",
        f"ip link add {bridge} type bridge stp_state 0 forward_delay 400",
        f"ip link set {vlan} mtu {stack.mtu} master {bridge} up",
        f"ip link set {bridge} up",
        *(f"ip addr add {address} dev {bridge}{' nodad' if ':' in address else ''}" for address in stack.addresses),
    ]
    return [Step(name="stack", command="set -ex\n" + "\n".join(commands) + "\nsleep 2")]


def start_guest(shape: Shape, guest: Guest) -> list[Step]:
    uri = "xen:///system" if shape.kind == "xen-dom0" else "qemu:///system"
    # The job rides on the guest's initial ramdisk: a second disk costs ten seconds of hotplug scripts.
    pack = (
        "set -e; mkdir -p /run/pack/job; cp /mnt/guest.sh /run/pack/job; cp -r /run/hostinfo /run/pack/job\n"
        "cd /run/pack; find job | cpio --quiet -o -H newc >/run/job.cpio\n"
        f"cat /boot/node-initrd /run/job.cpio >{INITRD}; chmod 644 {INITRD}"
    )
    return [
        Step(name="guest-pack", command=pack),
        Step(name="guest-start", command=f"virsh -c {uri} create /mnt/guest.xml", limit_seconds=90),
        Step(name="guest-xml", command=f"virsh -r -c {uri} dumpxml {guest.name}"),
    ]


def wait_guest(shape: Shape, guest: Guest) -> list[Step]:
    log = CONSOLE[shape.kind].format(guest.name)
    return [
        Step(name="guest-wait", command=f"until grep -q -e '{GUEST_END}' {log}; do sleep 3; done", limit_seconds=150),
        Step(name="guest-console", command=f"cat {log}"),
    ]


def torment() -> list[Step]:
    """libvirtd killed for good, back, hung, and back once more; a dump in each state."""
    units = "libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket"
    return [
        Step(
            name="libvirt-kill",
            # Stopped after the kill, or it would be started again.
            command=f"pkill -KILL -x libvirtd; systemctl stop {units} libvirtd; ! pgrep -x libvirtd",
        ),
        *dumps("-killed", patient=False),
        Step(
            name="libvirt-back",
            command=f"systemctl reset-failed; systemctl start {units} && virsh -r -c xen:///system nodeinfo",
        ),
        *dumps("-back"),
        Step(name="libvirt-hang", command="pkill -STOP -x libvirtd; pgrep -x -r T libvirtd"),
        *dumps("-hung", patient=False),
        Step(name="libvirt-wake", command="pkill -CONT -x libvirtd; virsh -r -c xen:///system nodeinfo"),
        *dumps("-awake"),
    ]


def guest_payload(shape: Shape, folder: Path) -> list[Path]:
    """The files that the guest needs, for the share."""
    if shape.guest is None:
        return []
    xml, script = folder / "guest.xml", folder / "guest.sh"
    xml.write_text(guest_xml(shape, shape.guest))
    script.write_text(GUEST_JOB)
    return [xml, script]


# Compressed: a console is slow. Its end is told twice over, lest a line be cut.
GUEST_JOB = f"""export PYTHONPATH=/run/job/hostinfo PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
mkdir /run/out; cd /run/out
{HOSTINFO} dump --json >dump.out 2>dump.err; echo $? >dump.status
cp /proc/cpuinfo cpuinfo.out; cp /proc/meminfo meminfo.out
cat /sys/hypervisor/type /sys/hypervisor/uuid >sys-hypervisor.out 2>/dev/null
echo; echo '---- begin of the guest job ----'
tar -czf - . | base64
echo '{GUEST_END}'; echo '{GUEST_END}'
"""


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
