"""The microphone loses nothing, comes back, keeps nothing while it is paused, and says when it is muted."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import psutil
import pytest

from killah.audio import RATE
from killah.audio.capture import stream
from killah.audio.capture.inputs import devices
from killah.audio.capture.microphone import Microphone, about_silence
from killah.audio.capture.portaudio import AFTER_LOSS, choose
from killah.errors import KillahError


@pytest.fixture
def sound():
    """Two seconds of noise between silences: any sample that is lost or repeated spoils the correlation."""
    noise = np.random.default_rng(0).standard_normal(2 * RATE).astype(np.float32) * 0.1
    return np.concatenate([np.zeros(RATE // 5, np.float32), noise, np.zeros(RATE // 5, np.float32)])


class Listener(list):
    """The events, to be waited for."""

    def __init__(self):
        super().__init__()
        self._come = threading.Condition()

    def __call__(self, event):
        with self._come:
            self.append(event)
            self._come.notify_all()

    def until(self, kind, seconds=60):
        with self._come:
            assert self._come.wait_for(lambda: kind in [event.kind for event in self], seconds), self


def listen(microphone, seconds):
    heard, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        heard.append(microphone.read(0.1))
    return np.concatenate(heard)


def hear(microphone, player):
    """Everything until the player has ended, which takes a busy machine longer, and a second more."""
    heard = []
    while player.poll() is None:
        heard.append(microphone.read(0.1))
    return np.concatenate([*heard, listen(microphone, 1)])


def until_heard(microphone, heard):
    """The level passes on what is on its way in the server, too, late where the machine is busy."""
    end = time.monotonic() + 60
    while heard != (microphone.level().peak > -40):
        assert time.monotonic() < end
        time.sleep(0.02)


def correlation(heard, played):
    """Of what was played with the stretch of what was heard that begins where it does."""
    size = len(heard) + len(played)
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(played, size))
    at = int(np.argmax(np.fft.irfft(spectrum, size)))
    stretch = heard[at : at + len(played)]
    return np.corrcoef(stretch, played)[0, 1] if len(stretch) == len(played) else 0.0


def comes_whole(microphone, server, sound):
    """Whether it is heard without a gap: a machine too busy for its sound server gets three attempts."""
    return any(correlation(hear(microphone, server.play(sound)), sound) > 0.99 for _ in range(3))


def low(samples):
    """Without what is above 6 kHz."""
    spectrum = np.fft.rfft(samples)
    spectrum[round(len(samples) * 6_000 / RATE) :] = 0
    return np.fft.irfft(spectrum, len(samples))


def test_what_is_played_is_what_is_read(virtual_microphone, sound):
    with Microphone() as microphone:
        assert comes_whole(microphone, virtual_microphone, sound)
        assert microphone.overflows == 0
        assert microphone.read(0.1).dtype == np.float32


def test_a_device_that_refuses_16_khz_is_resampled(virtual_microphone, sound, monkeypatch):
    program = "from killah.audio.capture import portaudio; portaudio.RATE = 3_000_000; portaudio.main()"

    def start(*asked):
        command, pipe = [sys.executable, "-c", program, *asked], subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)

    monkeypatch.setattr(stream, "start", start)
    with Microphone() as microphone:
        assert microphone._capture.rate == 44_100
        microphone.read()
        heard = hear(microphone, virtual_microphone.play(sound))
    assert correlation(low(heard), low(sound)) > 0.99  # two resamplers take away what is above 7 kHz


def test_a_device_is_chosen_by_its_number_as_people_type_it(virtual_microphone):
    number = next(each.number for each in devices() if each.name == "pulse")
    with Microphone(str(number)) as microphone:
        assert microphone.device.number == number


def test_unplugged_it_is_waited_for_and_goes_on(virtual_microphone, sound):
    listener = Listener()
    with Microphone("pulse", listener=listener) as microphone:
        virtual_microphone.play(sound)
        until_heard(microphone, True)
        until_heard(microphone, False)  # what is on its way in the server is lost with it
        virtual_microphone.kill_server()
        listener.until("lost")
        heard = microphone.read()  # what was said before is not lost
        assert np.count_nonzero(heard) == pytest.approx(np.count_nonzero(sound), rel=0.02)
        assert not len(microphone.read(0.2))
        virtual_microphone.start_again()
        listener.until("back")
        assert comes_whole(microphone, virtual_microphone, sound)
    assert [event.kind for event in listener if event.kind in ("lost", "back")] == ["lost", "back"]
    assert "pulse" in next(event.text for event in listener if event.kind == "lost")


@pytest.mark.timeout(60)
def test_closing_does_not_wait_for_a_device_that_is_gone(virtual_microphone):
    listener = Listener()
    with Microphone(listener=listener):
        virtual_microphone.kill_server()
        listener.until("lost")


def test_while_paused_nothing_is_kept(virtual_microphone, sound):
    with Microphone() as microphone:
        virtual_microphone.play(sound).wait()
        microphone.pause()  # also what was heard and not read yet
        virtual_microphone.play(sound).wait()
        time.sleep(2)  # what is on its way in the server
        assert not len(microphone.read(0.2))
        assert not microphone._capture.ring._samples.any()
        microphone.resume()
        assert not listen(microphone, 0.5).any()
        assert comes_whole(microphone, virtual_microphone, sound)


def test_paused_stays_paused_when_the_device_returns(virtual_microphone, sound):
    listener = Listener()
    with Microphone(listener=listener) as microphone:
        microphone.pause()
        virtual_microphone.kill_server()
        listener.until("lost")
        virtual_microphone.start_again()
        listener.until("back")
        virtual_microphone.play(sound).wait()
        assert microphone.paused
        assert not len(microphone.read(0.2))


def test_only_zeros_are_told_once_and_sound_after_them(virtual_microphone, sound):
    listener = Listener()
    with Microphone(listener=listener, silence=0.5) as microphone:
        listener.until("silent")
        assert microphone.level().peak == -100
        virtual_microphone.play(sound)
        listener.until("heard")
        assert not np.isnan(microphone.level().rms)
    assert [event.kind for event in listener] == ["silent", "heard"]


def test_a_mac_is_told_which_permission_to_give(monkeypatch):
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setenv("TERM_PROGRAM", "iTerm.app")
    text = about_silence("MacBook Pro Microphone")
    assert "System Settings > Privacy & Security > Microphone" in text
    assert "iTerm" in text
    monkeypatch.setenv("TERM_PROGRAM", "tmux")
    assert "your terminal" in about_silence("MacBook Pro Microphone")


def test_a_reader_who_is_late_is_counted(virtual_microphone):
    with Microphone(seconds=1.0) as microphone:
        time.sleep(2.5)
        assert len(microphone.read()) == RATE  # the newest second
        assert microphone.overflows == 1
        listen(microphone, 0.5)
        assert microphone.overflows == 1


def test_the_systems_own_losses_are_counted(virtual_microphone):
    with Microphone() as microphone:
        microphone._capture._take(AFTER_LOSS, np.zeros(512, np.float32).tobytes())
        assert microphone.overflows == 1


def test_the_level_is_of_what_is_heard(virtual_microphone):
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE).astype(np.float32)
    with Microphone() as microphone:
        virtual_microphone.play(tone)
        until_heard(microphone, True)
        level = microphone.level()
        assert level.peak == pytest.approx(-6.0, abs=0.5)
        assert len(microphone.read(1.0))  # looking at the level takes nothing away


def test_an_unknown_name_lists_what_is_there(virtual_microphone):
    names = [device.name for device in devices()]
    assert "pulse" in names
    with (
        pytest.raises(KillahError, match="There is no microphone 'Blue Yeti'") as error,
        Microphone("Blue Yeti"),
    ):
        pass
    assert all(name in error.value.hint for name in names)


def test_a_microphone_is_chosen_by_number_name_or_part():
    built_in = {"number": 0, "name": "MacBook Pro Microphone", "default": False}
    yeti = {"number": 2, "name": "Blue Yeti", "default": True}
    phone = {"number": 3, "name": "Anna's iPhone Microphone", "default": False}
    there = [built_in, yeti, phone]
    for wanted in (2, "2", "blue yeti", "Yeti", None):
        assert choose(wanted, there) == yeti
    with pytest.raises(KillahError, match="There are: 0 MacBook Pro Microphone, 3 Anna's iPhone Microphone"):
        choose("microphone", there)
    assert choose(None, [built_in, phone]) == built_in  # a system without a default


def test_no_microphone_at_all_is_one_sentence(virtual_microphone):
    virtual_microphone.kill_server()
    with pytest.raises(KillahError, match="There is no microphone"), Microphone():
        pass


def test_a_process_that_hangs_is_replaced(virtual_microphone, sound):
    listener = Listener()
    with Microphone(listener=listener) as microphone:
        os.kill(microphone._capture._process.pid, signal.SIGSTOP)
        listener.until("back")
        assert comes_whole(microphone, virtual_microphone, sound)


def test_the_process_ends_with_its_parent(virtual_microphone):
    program = (
        "import os, signal; from killah.audio.capture.microphone import Microphone\n"
        "with Microphone() as heard:\n"
        "    print(heard._capture._process.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=30, check=False)
    child = int(killed.stdout)
    deadline = time.monotonic() + 60
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)
