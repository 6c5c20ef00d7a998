"""Several real processes on this machine: the same parameters as one, and no hang that lasts."""

import os
import signal
import subprocess
import sys

import mlx.core as mx
import numpy as np
import psutil
import pytest

from killah.errors import KillahError
from killah.training import checkpoint, launch, log
from killah.training.watchdog import HUNG

EXACT = {"lora_parameters": {"rank": 4, "alpha": 8.0, "dropout": 0.0}}


def parameters(folder):
    state = mx.load(str(folder / checkpoint.NAME))
    return {k: np.array(v) for k, v in state.items() if k.startswith("parameter/")}


def workers():
    """The processes of a run under way that compute, by rank."""
    own = [p for p in psutil.Process().children(recursive=True) if "killah.training.launch" in p.cmdline()]
    return sorted((int(p.environ()["MLX_RANK"]), p) for p in own if "MLX_RANK" in p.environ())


def test_two_processes_learn_what_one_with_the_doubled_batch_learns(recipe, tmp_path):
    one = str(recipe("one", batch_size=4, iters=6, **EXACT))
    subprocess.run([sys.executable, "-m", "killah.training.launch", "lora", one], check=True)
    seen = []
    figures = launch.run("lora", recipe("two", batch_size=2, iters=6, **EXACT), (), seen.append, processes=2)
    assert [e["step"] for e in seen] == [1, 2, 3, 4, 5, 6]
    one, two = parameters(tmp_path / "one"), parameters(tmp_path / "two")
    for name, value in one.items():
        assert np.linalg.norm(two[name] - value) <= 1e-5 * np.linalg.norm(value), name
    alone = list(log.read(tmp_path / "one" / log.NAME))
    assert [e["loss"] for e in seen] == pytest.approx([e["loss"] for e in alone], rel=1e-5)
    assert figures["valid"] == pytest.approx(alone[figures["step"] - 1]["valid"], rel=1e-5)
    # What one process began, two go on with.
    figures = launch.run("lora", recipe("one", batch_size=2, iters=8, **EXACT), processes=2)
    assert figures["step"] > 6


def test_a_process_that_hangs_is_ended_and_the_run_finishes(recipe, tmp_path):
    file = recipe(iters=24, save_every=5, steps_per_eval=12, hang_seconds=3)
    said, seen = [], []

    def report(entry):
        seen.append(entry["step"])
        if entry["step"] == 12 and len(seen) == 12:
            workers()[1][1].suspend()

    figures = launch.run("lora", file, (), report, processes=2, warn=said.append)
    again = next(i for i in range(1, len(seen)) if seen[i] <= seen[i - 1])
    last = seen[again - 1]  # the step under way may still have been finished
    assert said == [f"A process hung or died after step {last}; starting again from the last checkpoint."]
    assert figures["step"] <= 24
    assert [e["step"] for e in log.read(tmp_path / "run" / log.NAME)] == list(range(1, 25))
    assert 5 < seen[again] <= seen[again - 1] + 1
    assert "has waited 3 s for the others" in (tmp_path / "run" / launch.OUTPUT).read_text()
    assert f"exited with code {HUNG}" in (tmp_path / "run" / launch.OUTPUT).read_text()
    assert workers() == []


def test_ctrl_c_reaches_all_processes_and_the_step_is_kept(recipe, tmp_path):
    file = recipe(iters=400, save_every=400, steps_per_eval=100)
    with pytest.raises(KeyboardInterrupt):
        launch.run(
            "lora", file, (), lambda e: e["step"] == 3 and os.kill(os.getpid(), signal.SIGINT), processes=2
        )
    assert workers() == []
    kept = len(list(log.read(tmp_path / "run" / log.NAME)))
    assert 3 <= kept < 400
    seen = []
    launch.run("lora", recipe(iters=kept + 1), (), seen.append, processes=2)
    assert [e["step"] for e in seen] == [kept + 1]


def test_what_a_process_cannot_do_is_said_once(recipe):
    with pytest.raises(KillahError, match=r"no linear layer 'self_attn\.nothing'"):
        launch.run("lora", recipe(lora_parameters={"keys": ["self_attn.nothing"]}), processes=2)


def test_processes_that_die_again_and_again_are_given_up(recipe, monkeypatch, tmp_path):
    monkeypatch.setattr(launch, "_command", lambda *_: ["sh", "-c", "echo no such machine; exit 3"])
    said = []
    with pytest.raises(KillahError, match="ended 4 times without getting further"):
        launch.run("lora", recipe(), processes=2, warn=said.append)
    assert len(said) == launch.TRIES
    assert (tmp_path / "run" / launch.OUTPUT).read_text() == "no such machine\n" * 4


def test_a_run_that_gets_further_each_time_is_not_given_up(recipe, monkeypatch):
    starts = iter(range(1, 9))

    def command(*_):
        step = next(starts)
        kind = '{"result": {"valid": 1.0}}' if step == 8 else f'{{"entry": {{"step": {step}}}}}'
        return ["echo", f"{launch.MESSAGE}{kind}"]

    monkeypatch.setattr(launch, "_command", command)
    said = []
    assert launch.run("lora", recipe(), processes=2, warn=said.append) == {"valid": 1.0}
    assert len(said) == 7


@pytest.mark.parametrize(
    ("text", "says"),
    [("[", "does not hold"), ('[{"ssh": "a", "ips": []}]', "does not hold"), (None, "Cannot read")],
)
def test_a_broken_hostfile_is_one_sentence(recipe, tmp_path, text, says):
    if text is not None:
        (tmp_path / "hosts.json").write_text(text)
    with pytest.raises(KillahError, match=says):
        launch.run("lora", recipe(), hostfile=tmp_path / "hosts.json")


def test_hosts_of_a_file_train_together(recipe, tmp_path):
    hosts = tmp_path / "hosts.json"
    hosts.write_text(
        '[{"ssh": "127.0.0.1", "ips": ["127.0.0.1"]}, {"ssh": "127.0.0.1", "ips": ["127.0.0.1"]}]'
    )
    command = launch._command("lora", recipe(), [], 1, hosts)
    assert command[command.index("--hostfile") + 1] == str(hosts)
    seen = []
    figures = launch.run("lora", recipe(iters=2), (), seen.append, hostfile=hosts)
    assert len(seen) == 2
    assert figures["adapter"]


def test_ports_in_a_row_are_free():
    assert launch._free_port(3) > 1023
