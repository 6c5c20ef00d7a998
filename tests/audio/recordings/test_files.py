"""Any recording is heard whole, whatever its form; what cannot be heard is one sentence."""

import os
import shutil
import struct
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
import soundfile
from audio.sounds import coloured, silence

from killah.audio import RATE
from killah.audio.recordings import files
from killah.errors import KillahError


def tone(seconds, rate, pitch=440):
    return (0.3 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def pitch_of(samples):
    """The loudest frequency (Hz)."""
    return np.argmax(np.abs(np.fft.rfft(samples))) * RATE / len(samples)


def data_size(wav, size):
    """`wav` with another length of its data in the header."""
    contents = bytearray(wav.read_bytes())
    at = contents.find(b"data") + 4
    contents[at : at + 4] = struct.pack("<I", size)
    wav.write_bytes(contents)


@pytest.mark.parametrize(
    ("name", "rate", "channels", "subtype"),
    [
        ("a.wav", 44_100, 2, "PCM_16"),
        ("a.wav", 8_000, 1, "PCM_U8"),
        ("a.wav", 96_000, 1, "PCM_24"),
        ("a.wav", 48_000, 6, "FLOAT"),
        ("a.wav", 16_000, 1, "ULAW"),
        ("a.flac", 44_100, 2, "PCM_24"),
        ("a.ogg", 44_100, 1, "VORBIS"),
        ("a.ogg", 48_000, 2, "OPUS"),
        ("a.mp3", 22_050, 2, None),
        ("a.aiff", 32_000, 1, None),
        ("a.caf", 11_025, 1, None),
    ],
)
def test_every_form_gives_the_same_sound(tmp_path, name, rate, channels, subtype):
    path = tmp_path / name
    soundfile.write(path, np.stack([tone(2, rate)] * channels, axis=1), rate, subtype=subtype)
    heard = files.read(path)
    assert heard.dtype == np.float32
    assert len(heard) / RATE == pytest.approx(2, abs=0.12)  # mp3 pads
    assert pitch_of(heard) == pytest.approx(440, abs=1)
    assert np.abs(heard).max() == pytest.approx(0.3, abs=0.04)
    assert files.duration(path) == pytest.approx(2, abs=0.06)


@pytest.mark.skipif(sys.platform == "darwin" or not shutil.which("ffmpeg"), reason="needs ffmpeg")
@pytest.mark.parametrize("name", ["a.m4a", "a.aac", "a.mp4", "a.mka"])
def test_what_libsndfile_cannot_read_is_converted(tmp_path, name):
    soundfile.write(tmp_path / "a.wav", tone(2, 44_100), 44_100)
    subprocess.run(["ffmpeg", "-loglevel", "error", "-i", tmp_path / "a.wav", tmp_path / name], check=True)
    heard = files.read(tmp_path / name)
    assert len(heard) / RATE == pytest.approx(2, abs=0.1)
    assert pitch_of(heard) == pytest.approx(440, abs=1)


def test_without_a_converter_one_sentence_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0\x1cftypM4A " + os.urandom(1000))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(KillahError, match="install ffmpeg"):
        files.read(tmp_path / "a.m4a")


def test_a_mac_converts_with_its_own_program(tmp_path, monkeypatch):
    # A stand-in of the same name and arguments: the real one exists on a Mac only.
    soundfile.write(tmp_path / "made.wav", tone(1, RATE), RATE)
    program = tmp_path / "afconvert"
    program.write_text(
        f'#!/bin/sh\n[ "$1 $2 $3 $4" = "-f WAVE -d LEI16@16000" ] && cp {tmp_path}/made.wav "$6"\n'
    )
    program.chmod(0o700)
    (tmp_path / "memo.m4a").write_bytes(os.urandom(1000))
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert len(files.read(tmp_path / "memo.m4a")) == RATE


def test_channels_are_averaged(tmp_path):
    quarter, half = np.full(RATE, 0.25, np.float32), np.full(RATE, 0.5, np.float32)
    soundfile.write(tmp_path / "a.wav", np.stack([quarter, half], axis=1), RATE, subtype="FLOAT")
    assert files.read(tmp_path / "a.wav") == pytest.approx(0.375)


def test_blocks_are_of_the_size_asked_for_and_lose_nothing(tmp_path):
    noise = coloured("white", 3.3, -20)
    soundfile.write(tmp_path / "a.wav", noise, RATE, subtype="FLOAT")
    parts = list(files.blocks(tmp_path / "a.wav", seconds=0.5))
    assert [len(part) for part in parts] == [8000] * 6 + [4800]
    assert np.array_equal(np.concatenate(parts), noise)


def test_a_quarter_of_an_hour_needs_no_more_memory_than_a_few_seconds(tmp_path):
    with soundfile.SoundFile(tmp_path / "long.wav", "w", 8_000, 1, "PCM_U8") as file:
        for _ in range(15):
            file.write(tone(60, 8_000))
    tracemalloc.start()
    length = sum(len(block) for block in files.blocks(tmp_path / "long.wav"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert length == 900 * RATE  # 58 MB
    assert peak < 1_000_000


def test_what_is_not_a_number_is_silence(tmp_path):
    sound = tone(1, RATE)
    sound[1000], sound[2000], sound[3000] = np.nan, np.inf, -np.inf
    soundfile.write(tmp_path / "a.wav", sound, RATE, subtype="FLOAT")
    heard = files.read(tmp_path / "a.wav")
    assert heard[[1000, 2000, 3000]] == pytest.approx(0)
    assert np.isfinite(heard).all()


def test_too_loud_a_file_stays_in_range(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(1, 44_100) * 10, 44_100, subtype="FLOAT")
    assert np.abs(files.read(tmp_path / "a.wav")).max() == 1


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3", "aiff"])
def test_a_file_that_breaks_off_gives_what_it_has(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    soundfile.write(path, coloured("pink", 10, -20), RATE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    assert 5 < len(files.read(path)) / RATE < 7.5


@pytest.mark.parametrize("length", [0, 1000, 10**9, 0x80000000, 0xFFFFFFFF])
def test_a_header_that_lies_about_the_length_is_not_believed(tmp_path, length):
    path = tmp_path / "a.wav"
    sound = coloured("pink", 3, -20)
    soundfile.write(path, sound, RATE, subtype="PCM_24")
    data_size(path, length)
    assert files.read(path) == pytest.approx(sound, abs=1e-6)
    assert files.duration(path) == 3


def test_an_mp3_is_read_to_its_end_whatever_its_first_frame_says(tmp_path):
    one, both = tmp_path / "a.mp3", tmp_path / "b.mp3"
    soundfile.write(one, tone(3, RATE), RATE)
    assert b"Xing" in one.read_bytes() or b"Info" in one.read_bytes()
    picture = b"ID3\x04\x00\x00" + bytes([0, 6, 0, 0]) + os.urandom(6 << 14)
    both.write_bytes(picture + one.read_bytes() * 2)
    assert len(files.read(both)) / RATE == pytest.approx(6, abs=0.3)
    assert next(files.blocks(both)).shape == (RATE,)  # and no thread waits for a reader who has left


def test_notes_after_the_sound_are_not_heard(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(0.1, RATE), RATE)
    path.write_bytes(path.read_bytes() + b"LIST" + struct.pack("<I", 9000) + b"x" * 9000)
    assert len(files.read(path)) == 1600


def test_what_is_no_sound_is_one_sentence(tmp_path):
    noise = os.urandom(5000)
    for name, contents in {"a.wav": noise, "b.mp3": noise, "c.raw": noise, "d.txt": b"hello"}.items():
        (tmp_path / name).write_bytes(contents)
    (tmp_path / "e.wav").write_bytes(b"")
    (tmp_path / "f.flac").mkdir()
    soundfile.write(tmp_path / "g.wav", silence(0), RATE)
    soundfile.write(tmp_path / "h.wav", tone(1, 1), 1)
    os.mkfifo(tmp_path / "i.wav")
    problems = {}
    for name in (
        "a.wav",
        "b.mp3",
        "c.raw",
        "d.txt",
        "e.wav",
        "f.flac",
        "g.wav",
        "h.wav",
        "i.wav",
        "none.wav",
    ):
        with pytest.raises(KillahError) as error:
            files.read(tmp_path / name)
        assert error.value.hint
        assert "\n" not in str(error.value)
        problems[name] = error.value.what.removeprefix(str(tmp_path / name))
    assert problems["a.wav"].startswith(" is not audio")
    assert problems["e.wav"] == " is empty."
    assert problems["f.flac"] == " is a folder."
    assert problems["g.wav"].startswith("There is no sound in")
    assert problems["none.wav"].startswith("There is no file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_of_somebody_else_is_one_sentence(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    (tmp_path / "a.wav").chmod(0)
    with pytest.raises(KillahError, match="permission denied"):
        files.read(tmp_path / "a.wav")


def test_nothing_stays_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    (tmp_path / "a.m4a").write_bytes(os.urandom(1000))
    with pytest.raises(KillahError):
        files.read(tmp_path / "a.m4a")
    assert not list((tmp_path / "temporary").iterdir())
