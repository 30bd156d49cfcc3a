"""A minimal Debian root from this host's own package sources (mmdebstrap), with apt's and pip's settings."""

import ast
import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from tests.support.cache import cache_folder, cached

HERE = Path(__file__).parent
CHECKOUT = HERE.parent.parent
TOOLS = ("mmdebstrap", "unshare", "tar", "git", "apt-config")
CA_BUNDLES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
APT = Path("/etc/apt")


def report(text: str) -> None:
    print(f"fresh: {text}", file=sys.stderr, flush=True)


def missing_parts() -> str | None:
    """Return what keeps this machine from making a root, and how to install it; None if nothing does."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f"not in PATH: {', '.join(missing)} (./run tox installs them from bindep.txt on Debian)"
    if os.geteuid() != 0:
        return "needs root to mount and chroot: sudo ./run tox -e fresh"
    return None


@dataclass(frozen=True)
class Root:
    """An unpacked root folder with a clone of the project's HEAD in /src."""

    path: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *command: str, minutes: float = 5) -> subprocess.CompletedProcess[str]:
        """Execute a command in the root without standard input; its stderr passes through."""
        report(f"$ {' '.join(command)}")
        began = time.monotonic()
        done = subprocess.run(
            [HERE / "enter", self.path, *command],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=minutes * 60,
            check=False,
        )
        report(f"exit code {done.returncode} after {time.monotonic() - began:.1f} s")
        return done


@contextlib.contextmanager
def fresh_root() -> Iterator[Root]:
    tarball = cached_tarball()
    folder = Path(tempfile.mkdtemp(prefix="hostinfo-fresh-"))
    folder.chmod(0o755)
    # Clean up also when a time limit ends the run.
    previous_handler = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        subprocess.run(["tar", "--extract", "--numeric-owner", "--file", tarball, "--directory", folder], check=True)
        copy_apt_settings(folder)
        subprocess.run(["git", "clone", "--quiet", "--no-local", CHECKOUT, folder / "src"], check=True)
        yield Root(folder, copy_pip_settings(folder))
    finally:
        # The mounts were in the namespace of `enter`, so only plain files remain.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        remove(folder)
        signal.signal(signal.SIGTERM, previous_handler)


def remove(folder: Path) -> None:
    """Remove the root; retry for ten seconds, because killed processes may still be writing."""
    for _ in range(10):
        done = subprocess.run(["rm", "--recursive", "--force", "--one-file-system", folder], check=False)
        if done.returncode == 0:
            return
        time.sleep(1)
    report(f"could not remove {folder}")


def cached_tarball() -> Path:
    """Return the minimal root as a tar file; make it once per set of package sources."""
    sources = [APT / "sources.list", *sorted((APT / "sources.list.d").glob("*"))]
    sources = [file for file in sources if file.suffix in {".list", ".sources"} and file.is_file()]
    command = ["mmdebstrap", "--quiet", "--variant=minbase", "--format=tar", "--skip=cleanup/apt"]
    key = hashlib.sha256(repr(command).encode() + b"".join(file.read_bytes() for file in sources)).hexdigest()[:16]

    def make(tarball: Path) -> None:
        report("making a minimal root (once)")
        with tempfile.TemporaryDirectory() as scratch:
            settings = Path(scratch, "apt.conf")
            settings.write_text(acquire_settings())
            hook = 'mkdir -p "$1/etc/apt" && cp -a /etc/apt/auth.conf* /etc/apt/preferences* "$1/etc/apt/" || true'
            arguments = [f"--aptopt={settings}", f"--setup-hook={hook}", "", str(tarball), *map(str, sources)]
            subprocess.run([*command, *arguments], check=True, stdin=subprocess.DEVNULL)

    return cached(cache_folder() / "fresh" / f"root-{key}.tar", make)


def acquire_settings() -> str:
    """Return how this host's apt downloads (proxies, certificates), without hooks of the host's programs."""
    return subprocess.run(["apt-config", "dump", "Acquire"], check=True, capture_output=True, text=True).stdout


def copy_apt_settings(root: Path) -> None:
    for name in ("auth.conf", "preferences", "trusted.gpg"):
        copy_into(root, APT / name)
        copy_into(root, APT / f"{name}.d")
    copy_into(root, APT / "keyrings")
    copy_into(root, Path("/usr/share/keyrings"))
    copy_into(root, Path("/usr/local/share/ca-certificates"))
    copy_into(root, Path("/etc/resolv.conf"))
    # An installed Debian has one since its first boot (machine-id(5)); a root that was never booted has none.
    (root / "etc/machine-id").write_text(uuid4().hex + "\n")
    copy_into(root, Path("/etc/hosts"))
    (root / "etc/apt/apt.conf.d/50host").write_text(acquire_settings())


def copy_into(root: Path, source: Path) -> None:
    target = root / source.relative_to("/")
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True, ignore_dangling_symlinks=True)
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        shutil.copy(source, target)


def copy_pip_settings(root: Path) -> dict[str, str]:
    """Copy pip's settings, and the local files and folders in them, to the root; return its environment."""
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8", "CI": "true"}
    folders: set[str] = set()
    for name, value in os.environ.items():
        if name in CA_BUNDLES or name in PROXIES or name.startswith("PIP_"):
            environment[name] = localised(value, root, folders)
    environment.pop("PIP_CONFIG_FILE", None)
    sections: dict[str, list[str]] = {}
    for line in pip_settings():
        name, _, quoted = line.partition("=")
        section, _, option = name.partition(".")
        value = localised(str(ast.literal_eval(quoted)), root, folders)
        indented = value.strip().replace("\n", "\n    ")
        sections.setdefault(section, []).append(f"{option} = {indented}")
    written = "".join(f"[{section}]\n" + "\n".join(lines) + "\n" for section, lines in sections.items())
    (root / "etc/pip.conf").write_text(written)
    (root / ".bind").write_text("".join(f"{folder}\n" for folder in sorted(folders)))
    return environment


def pip_settings() -> list[str]:
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
    ).stdout
    return [line for line in listed.splitlines() if "=" in line and not line.startswith(":env:")]


def localised(value: str, root: Path, folders: set[str]) -> str:
    """Return a setting for use in the root: its files are copied there; its folders are added, for bind mounts."""
    words = []
    for word in value.split():
        path = word.removeprefix("file://")
        if path.startswith("/") and os.path.isdir(path):
            # The pages of a simple index refer to files in neighbouring folders.
            folders.add(os.path.dirname(path.rstrip("/")) if path.rstrip("/").endswith("/simple") else path)
        elif path.startswith("/") and os.path.isfile(path):
            # Not to the same path: installing ca-certificates would replace it.
            copy = root / "opt/host" / path.lstrip("/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
            word = f"/opt/host{path}"  # noqa: PLW2901 - the word is rewritten
        words.append(word)
    return "\n".join(words) if "\n" in value else " ".join(words)
