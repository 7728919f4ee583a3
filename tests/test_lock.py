"""A lock lives exactly as long as the process that holds it."""

import subprocess
import sys

from tlcore.lock import is_held, take

HOLD = """
import sys
from pathlib import Path
from tlcore.lock import take

take(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_it_ends_with_its_process_even_by_sigkill(tmp_path):
    path = tmp_path / "lock"
    assert not is_held(path)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    assert is_held(path)
    assert take(path) is None
    holder.kill()
    holder.communicate()
    assert not is_held(path)
    assert take(path) is not None
