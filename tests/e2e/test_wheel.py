"""The wheel holds everything: it runs from any folder, with the model and the samples inside."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory) -> Path:
    """The built wheel, unpacked as an installation would leave it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
    ]
    subprocess.run([*build, "--wheel-dir", str(folder), str(ROOT)], check=True, capture_output=True)
    (wheel,) = folder.glob("killah-*.whl")
    assert wheel.stat().st_size < 60e6
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder / "site")
    return folder / "site"


def run(site: Path, tmp_path: Path, *arguments: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(site), "KILLAH_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "killah", *arguments]
    return subprocess.run(
        command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    ).stdout


def test_the_shipped_model_is_found_inside(unpacked, tmp_path):
    model = json.loads(run(unpacked, tmp_path, "models", "show", "pushkin-nano", "--json"))
    assert str(unpacked) in json.dumps(model)


def test_text_is_completed_from_any_folder(unpacked, tmp_path):
    found = json.loads(run(unpacked, tmp_path, "complete", "He was not abl", "--precision", "0", "--json"))
    assert found["text"].startswith("e")


def test_the_samples_are_inside(unpacked, tmp_path):
    assert {path.suffix for path in (unpacked / "killah/shipped/samples").iterdir()} >= {
        ".txt",
        ".md",
        ".docx",
        ".rtf",
        ".pdf",
    }
