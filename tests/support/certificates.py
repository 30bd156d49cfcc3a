"""Certificates of a test authority, made by openssl."""

import subprocess
from pathlib import Path

SAN = "subjectAltName=DNS:localhost"  # proton 0.40 does not check IP addresses (measured)


def run(*command: str | Path) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"


class Authority:
    """A folder with the authority's certificate `ca`, and those that it signs: NAME.pem and NAME.key."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.ca = folder, folder / f"{name}-ca.pem"
        self._key = folder / f"{name}-ca.key"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-subj", f"/CN={name} authority", "-keyout", self._key, "-out", self.ca)  # fmt: skip

    def sign(self, name: str, *, common_name: str = "", extension: str = "", days: int = 2) -> tuple[str, str]:
        """Return the paths of a certificate and its key."""
        key, certificate, request = (self.folder / f"{name}.{suffix}" for suffix in ("key", "pem", "csr"))
        run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", f"/O=tests/CN={common_name or name}", "-keyout", key, "-out", request)  # fmt: skip
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(extension + "\n")
        run("openssl", "x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self._key, "-CAcreateserial",
            "-days", str(days), "-extfile", extensions, "-out", certificate)  # fmt: skip
        key.chmod(0o600)
        return str(certificate), str(key)
