"""An agent that may not serve as it was told to says so in one line."""

import subprocess
import sys


def test_a_broker_without_tls_is_refused_in_one_line() -> None:
    command = [sys.executable, "-m", "hostinfo", "agent", "--broker", "amqp://broker.example"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "others could read along" in result.stderr.splitlines()[-1]
