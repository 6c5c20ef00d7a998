"""A process that waits too long ends with a code that says: try again."""

import subprocess
import sys

import pytest

from killah.training.watchdog import HUNG

RUN = """
import sys, time
from killah.training.watchdog import Watchdog
with Watchdog(float(sys.argv[1]), rank=3) as watchdog:
    for _ in range(int(sys.argv[2])):
        time.sleep(0.1)
        watchdog.beat()
    time.sleep(float(sys.argv[3]))
time.sleep(0.6)
"""


@pytest.mark.parametrize(
    ("seconds", "beats", "pause", "code"),
    [("0.4", "8", "0", 0), ("0.4", "1", "5", HUNG), ("inf", "0", "0.1", 0)],
)
def test_only_a_process_without_progress_is_ended(seconds, beats, pause, code):
    command = [sys.executable, "-c", RUN, seconds, beats, pause]
    done = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == code
    said = "Process 3 has waited 0.4 s for the others; it ends itself.\n"
    assert done.stderr == (said if code else "")


def test_the_code_is_that_of_a_temporary_failure():
    assert HUNG == 75
