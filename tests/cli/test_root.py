"""The first thing a user sees: help, version, settings, the doctor's report."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from killah import paths

COMMANDS = [
    "write", "complete", "continue", "index", "forget", "demo", "doctor",
    "persona list", "persona show", "persona use", "persona delete",
    "rephrase", "summarise", "story", "compose list", "compose show", "compose set",
    "train lora", "train persona-projector", "train compose", "train plan",
    "adapters list", "adapters show", "adapters verify", "adapters import", "adapters rm",
    "export executorch", "export adapter", "export check", "export run",
    "export hf", "export gguf", "export peft", "export mlx-lm",
    "dictate", "transcribe", "speak", "talk", "vocabulary list", "vocabulary add", "vocabulary remove",
    "models list", "models show", "models pull", "models convert", "models use",
    "config show", "config set", "config path",
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_and_json(killah, command):
    done = killah(*command.split(), "--help")
    assert done.code == 0
    assert "Example:" in done.out
    assert "--json" in done.out


def test_help_does_not_import_what_is_heavy():
    """The 0.3 s of `killah --help` are kept by what is not imported, on any machine."""
    code = (
        "import sys, killah.cli\n"
        "sys.argv = ['killah', '--help']\n"
        "try: killah.cli.main()\n"
        "except SystemExit: pass\n"
        "heavy = {'mlx', 'torch', 'numpy', 'textual', 'transformers', 'pydantic', 'rich', 'tokenizers'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "killah" in done.stdout


def test_an_unknown_command_is_a_usage_error(killah):
    assert killah("frobnicate").code == 2


def test_a_closed_pipe_is_no_traceback():
    command = f"{sys.executable} -m killah config show | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("command", "code", "says"),
    [
        ("config show >/dev/full", 1, "Cannot write the output: no space left on device."),
        ("config path >/dev/full", 1, "Cannot write the output: no space left on device."),
        ("continue <&-", 1, "No text was given."),
        ("config path >&-", 0, ""),
    ],
)
def test_output_that_cannot_be_written_and_input_that_is_closed_are_one_line(command, code, says):
    run = f"{sys.executable} -m killah {command}"
    done = subprocess.run(["bash", "-c", run], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert len(done.stderr.splitlines()) == bool(says)
    assert says in done.stderr


def test_a_pipe_is_utf8_whatever_the_terminal_speaks(killah):
    """A writer whose locale is Latin-1 redirects into a file: no letter may be lost, and nothing fails."""
    killah("config", "set", "persona", "Пушкин")
    command = [sys.executable, "-m", "killah", "config", "show", "--json"]
    environment = os.environ | {"PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(command, capture_output=True, env=environment, check=True)
    assert json.loads(done.stdout.decode())["persona"] == "Пушкин"


def test_a_wrong_setting_can_be_mended_as_the_message_says(killah):
    path = Path(json.loads(killah("config", "path", "--json").out)["path"])
    path.parent.mkdir(parents=True)
    path.write_text("min_p = 7")
    assert "killah config set min_p VALUE" in killah("config", "show").err
    assert killah("config", "set", "min_p", "0.1").code == 0
    assert json.loads(killah("config", "show", "--json").out)["min_p"] == 0.1


def test_settings_are_kept_private_and_checked(killah, home):
    assert killah("config", "set", "min_p", "0.07").code == 0
    assert json.loads(killah("config", "show", "--json").out)["min_p"] == 0.07
    path = json.loads(killah("config", "path", "--json").out)["path"]
    assert Path(path).stat().st_mode & 0o777 == 0o600
    wrong = killah("config", "set", "min_p", "7")
    assert wrong.code == 1
    assert "min_p" in wrong.err
    assert json.loads(killah("config", "show", "--json").out)["min_p"] == 0.07
    assert killah("config", "set", "nonsense", "1").code == 1


def test_min_p_is_free_until_set_and_free_again(killah):
    """None leaves it to the task and the persona."""
    for value, kept in (("none", None), ("0.2", 0.2), ("none", None)):
        assert killah("config", "set", "min_p", value).code == 0
        assert json.loads(killah("config", "show", "--json").out)["min_p"] == kept


def test_a_broken_settings_file_is_one_line_and_not_overwritten(killah, home):
    killah("config", "set", "ghost", "off")
    path = json.loads(killah("config", "path", "--json").out)["path"]
    Path(path).write_text("min_p = = 3")
    done = killah("config", "set", "min_p", "0.2")
    assert done.code == 1
    assert "not valid TOML" in done.err
    assert Path(path).read_text() == "min_p = = 3"


def test_doctor_says_of_each_part_whether_it_works(killah):
    found = json.loads(killah("doctor", "--json").out)
    subjects = {each["subject"]: each for each in found}
    parts = {"settings", "device", "model", "embedder", "memory", "disk", "encoder", "terminal"}
    assert parts <= set(subjects)
    assert subjects["model"]["ok"]
    assert "verified" in subjects["model"]["detail"]


def test_doctor_names_a_damaged_adapter(killah):
    folder = paths.adapters_dir() / "pushkin-nano" / "voice"
    folder.mkdir(parents=True)
    (folder / "adapter.json").write_text("{}")
    done = killah("doctor")
    assert done.code == 1
    assert "adapters" in done.out and "adapter.json is damaged" in done.out


def test_doctor_names_a_damaged_model(killah):
    killah("config", "set", "model", "no-such-model")
    done = killah("doctor")
    assert done.code == 1
    assert "!   model" in done.out


def test_doctor_names_the_persona_in_use(killah, tmp_path):
    def line():
        done = killah("doctor", "--json")
        return next(each for each in json.loads(done.out) if each["subject"] == "persona"), done.code

    assert line()[0]["ok"]  # none yet is no failure
    (tmp_path / "sea.txt").write_text("The boats came in at dawn, heavy with herring.")
    killah("index", str(tmp_path), "--yes")
    assert line()[0]["detail"] == "default: 1 document, 9 words"
    killah("config", "set", "persona", "defualt")
    found, code = line()
    assert (found["ok"], code) == (False, 1)
    assert "no persona 'defualt'" in found["detail"]
    killah("config", "set", "persona", "default")
    (paths.personas_dir() / "default.sqlite").write_bytes(b"x" * 8192)
    assert "damaged" in line()[0]["detail"]


def test_every_command_is_described_by_a_whole_sentence(killah, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for group in ((), ("persona",), ("train",), ("export",)):
        commands = killah(*group, "--help").out.partition("Commands:")[2]
        assert "..." not in commands
        assert commands.count(".\n") >= 4
