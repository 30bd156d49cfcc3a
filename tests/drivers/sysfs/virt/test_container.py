"""Detecting the container manager: published evidence, a real PID namespace."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import hostinfo
from hostinfo.model.hypervisor import Hypervisor
from tests.support.trees import write_tree


def hypervisor(root: Path) -> Hypervisor:
    with hostinfo.open(f"sysfs://{root}") as host:
        return host.hypervisor().value


Files = dict[str, str | bytes]


ROOT_ON_DISK = "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"


ROOT_IN_LAYERS = "22 1 0:50 / / rw,relatime - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/A,upperdir=/x\n"


CONTAINERS: dict[str, tuple[Files, str | None]] = {
    # https://systemd.io/CONTAINER_INTERFACE
    "nspawn": ({"run/systemd/container": "systemd-nspawn\n"}, "systemd-nspawn"),
    "host-folder": ({"run/host/container-manager": "podman\n"}, "podman"),
    "environment": ({"proc/1/environ": b"HOME=/\0container=lxc\0TERM=linux\0"}, "lxc"),
    "oci-with-a-file": ({"run/systemd/container": "oci\n", "run/.containerenv": "", ".dockerenv": ""}, "podman"),
    "hostile-name": ({"run/systemd/container": "\x1b[31m evil\n"}, "container-other"),
    "docker": ({".dockerenv": "", "proc/self/mountinfo": ROOT_IN_LAYERS}, "docker"),
    "docker-group": ({"proc/self/cgroup": "4:memory:/docker/0123abcd\n"}, "docker"),
    "docker-group-by-systemd": ({"proc/self/cgroup": "0::/system.slice/docker-0123abcd.scope\n"}, "docker"),
    "podman-group": ({"proc/self/cgroup": "0::/machine.slice/libpod-0123abcd.scope\n"}, "podman"),
    "lxc-group": ({"proc/self/cgroup": "0::/lxc.payload.web/system.slice\n"}, "lxc"),
    "kubernetes": (
        {"proc/self/cgroup": "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-01.scope\n"},
        "containerd",
    ),
    "layers-alone": ({"proc/self/mountinfo": ROOT_IN_LAYERS}, "docker"),
    "openvz": ({"proc/vz/": ""}, "openvz"),
    "openvz-host": ({"proc/vz/": "", "proc/bc/": ""}, None),
    "wsl": ({"proc/sys/kernel/osrelease": "5.15.90.1-microsoft-standard-WSL2\n"}, "wsl"),
    # https://github.com/google/gvisor, pkg/sentry/syscalls/linux/linux64.go
    "gvisor": ({"proc/version": "Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016\n"}, "gvisor"),
    # LXD and Incus without systemd, for an ordinary user (https://documentation.ubuntu.com/lxd/en/latest/dev-lxd/)
    "incus": ({"dev/incus/": "", "proc/self/cgroup": "0::/\n"}, "lxc"),
    "lxcfs-alone": (
        {"proc/self/mountinfo": ROOT_ON_DISK + "90 22 0:60 /proc/uptime /proc/uptime rw - fuse.lxcfs lxcfs rw\n"},
        "lxc",
    ),
    "host-of-lxcfs": (
        {"proc/self/mountinfo": ROOT_ON_DISK + "90 22 0:60 / /var/lib/lxcfs rw - fuse.lxcfs lxcfs rw\n"},
        None,
    ),
    "docker-in-lxc": (
        {".dockerenv": "", "dev/lxd/": "", "proc/self/mountinfo": ROOT_IN_LAYERS},
        "docker",
    ),
    "docker-in-wsl": (
        {
            ".dockerenv": "",
            "proc/self/mountinfo": ROOT_IN_LAYERS,
            "proc/sys/kernel/osrelease": "5.15.153.1-microsoft-standard-WSL2\n",
        },
        "docker",
    ),
    "docker-in-openvz": ({"proc/vz/": "", "proc/self/cgroup": "4:memory:/docker/0123abcd\n"}, "docker"),
    "none": ({"proc/self/cgroup": "0::/user.slice/user-0.slice\n", "proc/self/mountinfo": ROOT_ON_DISK}, None),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_container_managers_are_recognised(tmp_path: Path, name: str) -> None:
    files, expected = CONTAINERS[name]
    assert hypervisor(write_tree(tmp_path, {"proc/": "", **files})).container == expected


def test_the_share_of_a_sandbox_of_gvisor_is_not_the_machine(tmp_path: Path) -> None:
    """gvisor.dev/docs/user_guide/compatibility: its kernel makes all of /proc and /sys."""
    files: Files = {
        "proc/version": "Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016\n",
        "proc/meminfo": "MemTotal: 2097152 kB\n",
        "proc/cpuinfo": "processor\t: 0\nmodel name\t: unknown\n",
        "proc/self/cgroup": "",
        "sys/devices/system/cpu/online": "0-1\n",
    }
    with hostinfo.open(f"sysfs://{write_tree(tmp_path, files)}") as host:
        for group in ("cpu", "memory", "numa"):
            with pytest.raises(hostinfo.Unsupported, match="gVisor"):
                host.read(group)
        domain = host.domain().value
    assert (domain.online_cpus, domain.memory_bytes, domain.is_whole_machine) == (2, 2 << 30, None)


def test_a_machine_booted_from_a_container_image_is_no_container(tmp_path: Path) -> None:
    """The initial PID namespace has a fixed number (PROC_PID_INIT_INO), and the root is on a disk."""
    write_tree(tmp_path, {".dockerenv": "", "proc/self/mountinfo": ROOT_ON_DISK, "proc/self/ns/": ""})
    (tmp_path / "proc/self/ns/pid").symlink_to("pid:[4026531836]")
    assert hypervisor(tmp_path).container is None
    (tmp_path / "proc/self/ns/pid").unlink()
    (tmp_path / "proc/self/ns/pid").symlink_to("pid:[4026532201]")
    with hostinfo.open(f"sysfs://{tmp_path}") as host:
        assert host.hypervisor().value.container == "docker"


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs root and unshare")
def test_a_real_pid_namespace_has_its_container_manager() -> None:
    program = "import hostinfo, json; print(json.dumps(hostinfo.open('sysfs:///').hypervisor().value.container))"
    command = ["unshare", "--pid", "--fork", "--mount-proc", "env", "container=podman", sys.executable, "-c", program]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode and "Operation not permitted" in done.stderr:
        pytest.skip("namespaces are not permitted here")
    assert json.loads(done.stdout) == "podman"
