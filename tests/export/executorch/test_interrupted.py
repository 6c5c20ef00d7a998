"""Ctrl-C and a kill in the middle of an export: nothing is half-written, and the next one works."""

import os
import signal
import subprocess
import sys
import time

import pytest
from export.executorch import bundles

TASK = ("--composition", "terse", "--base", "tiny")


class Started:
    """`killah export ...` at work, a terminal's process group of its own."""

    def __init__(self, made, *arguments):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "killah", "export", *map(str, arguments)],
            env=os.environ | {"KILLAH_HOME": str(made.home), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def wait_for(self, step):
        """Until it says that this is next."""
        assert self._process.stderr is not None
        assert any(line.startswith(step) for line in self._process.stderr), step

    def wait_for_file(self, folder, pattern):
        """Until one is there."""
        while not list(folder.glob(pattern)):
            assert self._process.poll() is None, self._process.communicate()
            time.sleep(0.01)

    def end(self, number):
        """Exit code after a signal to all of it, and what it said since."""
        os.killpg(self._process.pid, number)
        out, err = self._process.communicate(timeout=120)
        return self._process.returncode, out + err


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A base of one layer and its adapters, of which nothing is exported yet."""
    return bundles.install(tmp_path_factory.mktemp("interrupted"), bundles.ONE_LAYER)


@pytest.mark.parametrize("moment", ["tracing text_decoder", "comparing with MLX"])
def test_ctrl_c_leaves_no_bundle_and_nothing_beside_it(small, tmp_path, moment):
    quick = ("--backend", "portable", "--context", "32", "--rank", "4")
    at_work = Started(small, "executorch", *TASK, *quick, "--out", tmp_path / "out")
    at_work.wait_for(moment)
    code, said = at_work.end(signal.SIGINT)
    assert code == 130
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_leaves_no_checkpoint(small, tmp_path):
    at_work = Started(small, "hf", *TASK, "--check", "--out", tmp_path / "out")
    at_work.wait_for_file(tmp_path, ".out.*/config.json")
    code, said = at_work.end(signal.SIGINT)
    assert code == 130
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def test_after_a_kill_the_next_export_tidies_up(small, tmp_path):
    at_work = Started(small, "hf", *TASK, "--check", "--out", tmp_path / "out")
    at_work.wait_for_file(tmp_path, ".out.*/config.json")
    assert at_work.end(signal.SIGKILL)[0] == -signal.SIGKILL
    assert not (tmp_path / "out").exists()
    done = small.killah("export", "mlx-lm", *TASK, "--no-check", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
