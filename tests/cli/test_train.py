"""`killah train` as a user types it."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import loras
import pytest
import yaml
from typer.testing import CliRunner

from killah import paths
from killah.cli import train
from killah.errors import KillahError

WORDS = ["the grey sea", "a net of rope", "salt wind and tide", "gulls over the boat"]


@pytest.fixture
def file(home, tmp_path):
    """A recipe for a tiny run."""
    loras.base(paths.models_dir() / "tiny")
    data = tmp_path / "data"
    data.mkdir()
    for name, texts in (("train", WORDS * 4), ("valid", WORDS)):
        (data / f"{name}.jsonl").write_text("".join(json.dumps({"text": t}) + "\n" for t in texts))
    settings = {"model": "tiny", "data": str(data), "adapter_path": str(tmp_path / "run"), "name": "sailor"}
    settings |= {"iters": 4, "batch_size": 2, "steps_per_eval": 2, "lora_parameters": {"rank": 2}}
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(settings | {"intruders": {"watched": 1}}))
    return path


def run(*arguments, code=0):
    result = CliRunner().invoke(train.app, [str(a) for a in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


def test_a_run_tells_how_it_goes_and_what_came_of_it(file, tmp_path):
    done = run("lora", "--config", file)
    assert re.search(r"step 2/4  loss \d\.\d+  validation \d\.\d+  [\d,]+ tokens/s  \d\.\d+ GB", done.stderr)
    assert re.search(r"best +\d\.\d{4} nats a token in validation, at step [24]\n", done.stdout)
    package = paths.adapters_dir() / "tiny" / "sailor"
    for path in (package, tmp_path / "run" / "log.jsonl", tmp_path / "run" / "curve.png"):
        assert str(path) in done.stdout
        assert path.exists()
    assert "killah adapters show sailor" in done.stdout


def test_json_is_one_object_and_nothing_else(file):
    facts = json.loads(run("lora", "-c", file, "--set", "install=false", "--json").stdout)
    assert (facts["stage"], facts["name"]) == ("lora", "sailor")
    assert {"valid", "step", "tokens", "adapter", "log", "curve"} <= facts.keys()


def test_what_is_set_counts(file, tmp_path):
    run("lora", "-c", file, "--set", "iters=2", "--set", "lora_parameters.rank=3", "--set", "install=false")
    assert len((tmp_path / "run" / "log.jsonl").read_text().splitlines()) == 2
    assert json.loads((tmp_path / "run" / "adapter" / "adapter.json").read_text())["rank"] == 3


def test_ctrl_c_says_how_to_go_on_and_the_same_command_does(file, tmp_path):
    command = [sys.executable, "-c", "from killah.cli.train import app; app()", "lora", "-c", str(file)]
    log = tmp_path / "run" / "log.jsonl"
    with subprocess.Popen([*command, "--set", "iters=5000"], stderr=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + 60
        while not (log.exists() and log.stat().st_size) and time.monotonic() < end:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "what was learned is kept. To go on, run the same command." in said
    assert "Traceback" not in said
    kept = len(log.read_text().splitlines())
    run("lora", "-c", file, "--set", f"iters={kept + 1}")
    assert [json.loads(line)["step"] for line in log.read_text().splitlines()] == list(range(1, kept + 2))


def test_two_processes(file, tmp_path):
    facts = json.loads(run("lora", "-c", file, "--set", "iters=2", "--processes", "2", "--json").stdout)
    assert facts["step"] == 2
    with pytest.raises(KillahError, match="not both"):
        run("lora", "-c", file, "--processes", "2", "--hostfile", file)


def test_a_plan_needs_no_model(home):
    said = run("plan", "lora", "--model", "gemma-3-4b", "--rank", "16").stdout
    assert "20,332,544 trained parameters x 20 = 406,650,880 tokens" in said
    for word in ("M1 Max", "A100", "this machine", "hours", "Assumptions"):
        assert word in said
    facts = json.loads(run("plan", "compose", "--model", "gemma-3-1b", "--json").stdout)
    assert [each["device"] for each in facts["devices"]] == ["M1 Max", "A100", "this machine"]
    assert facts["assumptions"]


@pytest.mark.parametrize("verb", ["lora", "persona-projector", "compose", "plan"])
def test_every_verb_has_an_example(verb):
    assert f"Example: killah train {verb}" in run(verb, "--help").stdout


def test_a_file_must_be_given(file):
    assert "--config" in run("lora", code=2).output
    with pytest.raises(KillahError, match="Cannot read"):
        run("lora", "-c", file.with_name("none.yaml"))
