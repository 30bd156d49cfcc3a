"""Runs inside the node, by its own Python: does what the host asks, one command after the other, until it says "end".

Usage: errands.py SHARE. SHARE/errand-N is a shell command; its outputs go to SHARE/errand-N.{out,err}, and then its
exit status to SHARE/errand-N.status.
"""

import os
import subprocess
import sys
import time

POLL_SECONDS = 0.1
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"}


def main(share: str) -> None:
    number = 1
    while not os.path.exists(f"{share}/errands-end"):
        asked = f"{share}/errand-{number}"
        if not os.path.exists(asked):
            time.sleep(POLL_SECONDS)
            continue
        with open(f"{asked}.out", "wb") as out, open(f"{asked}.err", "wb") as err:
            done = subprocess.run(
                ["sh", asked], stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=ENVIRONMENT, check=False
            )
        with open(f"{asked}.new", "w") as status:
            status.write(str(done.returncode))
        os.rename(f"{asked}.new", f"{asked}.status")
        number += 1


if __name__ == "__main__":
    main(sys.argv[1])
