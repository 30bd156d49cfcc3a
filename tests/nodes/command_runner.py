"""Runs inside the node, on its own Python: executes the host's commands in order until the host ends the session.

Usage: command_runner.py SHARE. SHARE/command-N is a shell command. Its outputs go to SHARE/command-N.{out,err}, then
its exit status to SHARE/command-N.status. SHARE/session-ends ends the program.
"""

import os
import subprocess
import sys
import time

POLL_SECONDS = 0.1
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"}


def main(share: str) -> None:
    number = 1
    while not os.path.exists(f"{share}/session-ends"):
        command = f"{share}/command-{number}"
        if not os.path.exists(command):
            time.sleep(POLL_SECONDS)
            continue
        with open(f"{command}.out", "wb") as out, open(f"{command}.err", "wb") as err:
            done = subprocess.run(
                ["sh", command], stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=ENVIRONMENT, check=False
            )
        with open(f"{command}.new", "w") as status:
            status.write(str(done.returncode))
        os.rename(f"{command}.new", f"{command}.status")
        number += 1


if __name__ == "__main__":
    main(sys.argv[1])
