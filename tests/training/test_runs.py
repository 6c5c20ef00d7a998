"""Whole runs on a tiny base: what an interruption, a bad setting or a small machine costs their owner."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import mlx.core as mx
import numpy as np
import pytest

from killah import paths
from killah.adapters import package
from killah.errors import KillahError
from killah.training import checkpoint, log, memory, runs
from killah.training.stages import lora as lora_stage

RUN = """
import sys
from pathlib import Path
from killah.training.runs import run
run('lora', Path(sys.argv[1]))
"""


def entries(folder):
    return list(log.read(folder / log.NAME))


def losses(folder):
    return [(e["step"], e["loss"], e.get("valid")) for e in entries(folder)]


def card(folder):
    return package.read_card(folder / runs.RESULT)


def tensors(folder):
    return {k: np.array(v) for k, v in package.read(folder / runs.RESULT, None).tensors.items()}


def train(file, *overrides, **options):
    return runs.run("lora", file, overrides, **options)


def killed_after(file, folder, step):
    """Start a run of its own and kill it once it has logged `step`."""
    with subprocess.Popen([sys.executable, "-c", RUN, str(file)]) as process:
        end = time.monotonic() + 60
        while len(entries(folder)) < step and process.poll() is None and time.monotonic() < end:
            time.sleep(0.002)
        process.kill()
    return process.returncode


# Interrupted


def test_a_run_gives_a_package_a_log_and_a_curve(recipe, tmp_path):
    seen = []
    figures = train(recipe(), report=seen.append)
    about = card(tmp_path / "run")
    assert (about.name, about.role, about.rank, about.scale) == ("sailor", "persona", 4, 2.0)
    assert about.metrics["validation_nats"] == round(figures["valid"], 4)
    assert [e["step"] for e in seen] == list(range(1, 9))
    assert [e["loss"] for e in seen] == [e["loss"] for e in entries(tmp_path / "run")]
    assert entries(tmp_path / "run")[-1]["loss"] < 0.9 * seen[0]["loss"]
    assert (tmp_path / "run" / log.CURVE).read_bytes().startswith(b"\x89PNG")
    for name in (log.NAME, log.CURVE, checkpoint.NAME, checkpoint.BEST):
        assert (tmp_path / "run" / name).stat().st_mode & 0o077 == 0, name


def test_kill_9_and_the_same_command_again_equal_an_uninterrupted_run(recipe, tmp_path):
    # Processes of their own for both: in this one, tests import MLX before the BLAS that Killah loads.
    whole = recipe("whole", iters=40, save_every=3, steps_per_eval=5)
    subprocess.run([sys.executable, "-c", RUN, str(whole)], check=True)
    broken = recipe("broken", iters=40, save_every=3, steps_per_eval=5)
    for step in (4, 11):
        assert killed_after(broken, tmp_path / "broken", step) == -signal.SIGKILL
    kept = len(entries(tmp_path / "broken"))
    assert kept < 40
    subprocess.run([sys.executable, "-c", RUN, str(broken)], check=True)
    assert [step for step, _, _ in losses(tmp_path / "whole")] == list(range(1, 41))
    assert losses(tmp_path / "broken") == losses(tmp_path / "whole")
    assert card(tmp_path / "broken").sha256 == card(tmp_path / "whole").sha256


def test_ctrl_c_finishes_the_step_and_the_same_command_goes_on(recipe, tmp_path):
    train(recipe("whole"))
    broken, before = recipe("broken", save_every=100), signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(broken, report=lambda e: e["step"] == 3 and os.kill(os.getpid(), signal.SIGINT))
    assert signal.getsignal(signal.SIGINT) is before
    # The signal came after step 3 was reported, so one more was computed.
    assert [e["step"] for e in entries(tmp_path / "broken")] == [1, 2, 3, 4]
    seen = []
    train(broken, report=seen.append)
    assert seen[0]["step"] == 5
    assert losses(tmp_path / "broken") == losses(tmp_path / "whole")
    assert card(tmp_path / "broken").sha256 == card(tmp_path / "whole").sha256


def test_a_run_of_another_kind_is_not_gone_on_with(recipe, tmp_path):
    train(recipe(), "iters=2")
    for change in ("seed=7", "lora_parameters.rank=2", "mask_prompt=false"):
        with pytest.raises(
            KillahError, match=rf"holds a run with another {change.split('=')[0].split('.')[0]}"
        ):
            train(recipe(), change)
    with pytest.raises(KillahError, match="2 rows a step, not 4"):
        train(recipe(), "batch_size=4")
    # What is lowered where memory or patience is short does not make it another.
    figures = train(
        recipe(), "batch_size=1", "grad_accumulation_steps=2", "grad_checkpoint=true", "learning_rate=0.001"
    )
    assert figures["step"] == 8


def test_two_runs_do_not_share_a_folder(recipe):
    begun, go_on = threading.Event(), threading.Event()

    def wait(entry):
        begun.set()
        go_on.wait(30)

    file = recipe(iters=1)
    first = threading.Thread(target=train, args=(file,), kwargs={"report": wait})
    first.start()
    try:
        assert begun.wait(30)
        with pytest.raises(KillahError, match="Another process is training in"):
            train(file)
    finally:
        go_on.set()
        first.join()


# Gone wrong


def test_numbers_that_overflow_end_the_run_and_the_last_good_state_stays(recipe, tmp_path):
    train(recipe(), "iters=4")
    best = (tmp_path / "run" / checkpoint.BEST).read_bytes()
    with pytest.raises(
        KillahError, match=r"is not finite; the last good state is kept\. Lower learning_rate"
    ):
        train(recipe(), "iters=8", "learning_rate=1e30", "save_every=1")
    kept = mx.load(str(tmp_path / "run" / checkpoint.NAME))
    assert all(np.isfinite(np.array(v)).all() for v in kept.values())
    assert max(float(mx.abs(v).max()) for k, v in kept.items() if k.endswith("lora_a")) < 10
    assert (tmp_path / "run" / checkpoint.BEST).read_bytes() == best
    figures = train(recipe(), "iters=8")
    assert np.isfinite(figures["valid"])


@pytest.mark.parametrize(
    "words",
    [
        "[metal::malloc] Attempting to allocate 68719476736 bytes which is greater than the maximum allowed "
        "buffer size of 30150672384 bytes.",
        "[METAL] Command buffer execution failed: Insufficient Memory (00000008:kIOGPUCommandBufferCallback"
        "ErrorOutOfMemory)",
        "[malloc] Unable to allocate 68719476736 bytes.",
    ],
)
def test_memory_that_ran_out_says_what_to_lower_in_order(recipe, monkeypatch, words):
    # MLX's own words; here on Linux such a process is killed by the system, without any.
    def nats(stage, batch):
        raise RuntimeError(words)

    monkeypatch.setattr(lora_stage.LoraStage, "nats", nats)
    with pytest.raises(KillahError) as caught:
        train(recipe())
    said = str(caught.value)
    assert said.startswith("The machine ran out of memory. Lower in this order, with --set: batch_size=1")
    order = ["batch_size", "grad_checkpoint", "num_layers", "lora_parameters.keys"]
    assert [said.index(key) for key in order] == sorted(said.index(key) for key in order)


def test_a_machine_that_looks_too_small_is_named_before_the_run(recipe, monkeypatch):
    monkeypatch.setattr(memory, "free", lambda: 1000)
    said = []
    train(recipe(iters=1), warn=said.append)
    assert len(said) == 1
    assert said[0].startswith("A step may need ")
    assert "batch_size=1 grad_accumulation_steps=2" in said[0]
    monkeypatch.setattr(memory, "free", lambda: 10**12)
    train(recipe("other", iters=1), warn=said.append)
    assert len(said) == 1


def test_an_unknown_stage_and_too_few_rows_are_one_sentence(recipe):
    with pytest.raises(KillahError, match=r"no training stage 'louder'\. Known: lora"):
        runs.run("louder", recipe())
    with pytest.raises(KillahError, match=r"A step takes 50 rows.*24 to train on\. Lower batch_size"):
        train(recipe(), "batch_size=50")


# What is kept


def test_the_best_state_is_published_and_waiting_ends_the_run(recipe, tmp_path):
    # Learning what validation never shows makes it worse and worse.
    rows = [{"text": "zzzz qqqq zzzz"}] * 24
    figures = train(recipe(rows=rows, iters=60, steps_per_eval=2, patience=3, learning_rate=0.05))
    looks = [(e["valid"], e["step"]) for e in entries(tmp_path / "run") if "valid" in e]
    assert (figures["valid"], figures["step"]) == min(looks)
    assert looks[-1][1] == figures["step"] + 3 * 2 < 60
    best = mx.load(str(tmp_path / "run" / checkpoint.BEST))
    for name, value in tensors(tmp_path / "run").items():
        np.testing.assert_array_equal(value, np.array(best[name]))


def test_an_installed_adapter_is_found_by_name(recipe):
    figures = train(recipe(install=True, iters=1))
    assert figures["adapter"] == str(paths.adapters_dir() / "tiny" / "sailor")
    assert package.read(paths.adapters_dir() / "tiny" / "sailor", None).card.name == "sailor"


def test_intruders_freeze_a_while_b_goes_on(recipe, tmp_path):
    # Every direction less like the base's than 1 is an intruder here, so the first look freezes A.
    watch = {"watched": 2, "top": 4, "threshold": 1.0, "share": 0.0}
    file = recipe(iters=4, steps_per_eval=4, intruders=watch)
    train(file)
    before = mx.load(str(tmp_path / "run" / checkpoint.NAME))
    assert entries(tmp_path / "run")[3]["frozen"] is True
    assert entries(tmp_path / "run")[3]["intruder_share"] > 0
    train(recipe(iters=8, steps_per_eval=4, intruders=watch, learning_rate=1e-3))
    after = mx.load(str(tmp_path / "run" / checkpoint.NAME))
    trained = [k for k in before if k.startswith("parameter/")]
    same = {k: np.array_equal(before[k], after[k]) for k in trained}
    assert all(same[k] for k in trained if k.endswith("lora_a"))
    assert not any(same[k] for k in trained if k.endswith("lora_b"))


def test_without_intruders_a_goes_on(recipe, tmp_path):
    train(recipe(iters=4, intruders={"watched": 2, "top": 4, "threshold": 0.0, "share": 0.0}))
    assert entries(tmp_path / "run")[3]["frozen"] is False


def test_every_step_is_measured(recipe, tmp_path):
    train(recipe(iters=2))
    for entry in map(json.dumps, entries(tmp_path / "run")):
        for key in ("norm_lora_a", "norm_lora_b", "norm_all", "tokens_per_second", "peak_memory"):
            assert json.loads(entry)[key] >= 0, key
