"""The steps of a node's job: oracles, our dumps, the session from outside, the guest, disruptions of libvirt."""

from .boot import Step
from .guest_steps import start_guest, wait_guest
from .shape import Shape

HOSTINFO = "python3 -m hostinfo"
EACH_NIC = 'for nic in /sys/class/net/*/device; do nic=${nic%/device}; ip link set "${nic##*/}"'
NIC_NAME = "grep -l {0} /sys/class/net/*/address | cut -d / -f 5"
NODE_ADDRESS = "10.0.2.15"  # the address that QEMU's user network forwards to
SESSION = "session"
"""The step during which a console outside of the node queries its agent."""
SESSION_SECONDS = 600
LIBVIRT_SOCKETS = "libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket"
# The units are stopped after the kill, or systemd would restart it. Its restart may cancel the first stop.
STOP_LIBVIRT = f"systemctl stop {LIBVIRT_SOCKETS} libvirtd"
KILL_LIBVIRT = f"pkill -KILL -x libvirtd; {STOP_LIBVIRT} || {STOP_LIBVIRT}"
START_LIBVIRT = f"systemctl reset-failed; systemctl start {LIBVIRT_SOCKETS}"


def oracles(shape: Shape) -> list[Step]:
    """Return what prints the same facts by other means, in the same boot."""
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


def dumps(suffix: str = "", *, long_deadline: bool = True) -> list[Step]:
    """Return dumps by root and by an ordinary user. libvirt is twenty times slower under emulation."""
    command = f"{'HOSTINFO_DEADLINE_SECONDS=40 ' if long_deadline else ''}{HOSTINFO} dump --json"
    return [
        Step(name=f"dump{suffix}", command=command),
        Step(name=f"dump-user{suffix}", command=command, ordinary_user=True),
    ]


def job(shape: Shape, *, has_session: bool = False) -> list[Step]:
    """Return the whole job of a shape."""
    record = f"{HOSTINFO} record /mnt/out/recording && tar -cf - -C /mnt/out recording | wc -c"
    steps = [*stack(shape), *links_up(shape), *oracles(shape), *dumps(long_deadline=shape.libvirt == "works")]
    steps.append(Step(name="record", command=record))
    if has_session:
        steps += session(shape)
    if shape.guest:
        steps += [*start_guest(shape, shape.guest), *dumps("-with-guest"), *wait_guest(shape, shape.guest)]
    if shape.disrupt_libvirt:
        steps += libvirt_disruptions()
    return steps


def session(shape: Shape) -> list[Step]:
    """Return an address for the NIC that QEMU forwards to, and the session of agent_session.py."""
    nic = shape.stack.bond if shape.stack else f"$({NIC_NAME.format(shape.nics[0].mac)})"
    return [
        Step(name="address", command=f"ip addr add {NODE_ADDRESS}/24 dev {nic}"),
        Step(name=SESSION, command="python3 /mnt/command_runner.py /mnt", limit_seconds=SESSION_SECONDS),
    ]


def links_up(shape: Shape) -> list[Step]:
    """Return what sets the NICs up: only then does the kernel report speed and carrier."""
    if shape.stack:
        return []
    return [Step(name="links-up", command=f"udevadm settle; {EACH_NIC} up; done; sleep 1")]


def stack(shape: Shape) -> list[Step]:
    """Return what makes the shape's bond, VLAN and bridge."""
    stack = shape.stack
    if stack is None:
        return []
    bond, vlan, bridge = stack.bond, stack.vlan, stack.bridge
    commands = [
        f"ip link add {bond} type bond mode {stack.mode} miimon {stack.miimon}",
        f"udevadm settle; first=$({NIC_NAME.format(shape.nics[0].mac)})",
        f"{EACH_NIC} master {bond}; done",
        f"ip link set {bond} up; ip link set {bond} type bond primary $first",  # QEMU forwards to that one
        f"ip link add link {bond} name {vlan} type vlan id {stack.vlan_id}",
        f"ip link add {bridge} type bridge stp_state 0 forward_delay 400",
        f"ip link set {vlan} mtu {stack.mtu} master {bridge} up",
        f"ip link set {bridge} up",
        *(f"ip addr add {address} dev {bridge}{' nodad' if ':' in address else ''}" for address in stack.addresses),
    ]
    return [Step(name="stack", command="set -ex\n" + "\n".join(commands) + "\nsleep 2")]


def libvirt_disruptions() -> list[Step]:
    """Return steps that kill libvirtd, start it again, stop the process and continue it; dumps in each state."""
    return [
        Step(name="libvirt-kill", command=f"{KILL_LIBVIRT}; ! pgrep -x libvirtd"),
        *dumps("-killed", long_deadline=False),
        Step(name="libvirt-start", command=f"{START_LIBVIRT} && virsh -r -c xen:///system nodeinfo"),
        *dumps("-started"),
        Step(name="libvirt-hang", command="pkill -STOP -x libvirtd; pgrep -x -r T libvirtd"),
        *dumps("-hung", long_deadline=False),
        Step(name="libvirt-continue", command="pkill -CONT -x libvirtd; virsh -r -c xen:///system nodeinfo"),
        *dumps("-continued"),
    ]
