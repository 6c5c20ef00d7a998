"""A persona comes back from its backup as it was, and from nothing else."""

import hashlib
import json
import sqlite3
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest

from killah import paths
from killah.errors import KillahError
from killah.persona import backup, personas
from killah.persona.copies import Part
from killah.persona.store import Entry, Holding, Made, Store, digest

TEXTS = ["The gulls came in at dawn.", "Knead the dough."]


@pytest.fixture
def saki(home):
    """A persona of two passages, a setting, and an adapter."""
    with Store.create(personas.path_of("saki")) as store:
        rows = np.array([[0.6, 0.8], [1.0, 0.0]])
        store.add(list(map(Part, TEXTS)), rows, rows, Made("model", "style-0"))
        entry = Entry("/a.txt", "txt", 1, 1, "0", 9, None)
        store.enter([Holding(entry, list(map(digest, TEXTS)))])
        store.set_setting("weights", "{}")
        store.agree(["/"])
    folder = paths.adapters_dir() / "tiny" / "persona-saki"
    folder.mkdir(parents=True)
    (folder / "adapter.json").write_text('{"name": "persona-saki", "rank": 4}')
    (folder / "adapter.safetensors").write_bytes(b"weights" * 1000)
    return folder


@pytest.fixture
def file(saki, tmp_path):
    backup.write("saki", tmp_path / "saki.killah")
    return tmp_path / "saki.killah"


def rewritten(file, change):
    """The backup with `change(members: dict[name, bytes])` applied."""
    with ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file


def described(members):
    """Make the manifest right for the members: what a forger would do."""
    manifest = json.loads(members["manifest.json"])
    manifest["files"] = {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in members.items()
        if name != "manifest.json"
    }
    members["manifest.json"] = json.dumps(manifest).encode()


def test_a_persona_comes_back_under_another_name_with_its_adapter(file):
    assert backup.read(file, "uncle") == "uncle"
    with Store.open(personas.path_of("uncle")) as store, Store.open(personas.path_of("saki")) as own:
        assert store.texts() == own.texts()
        assert np.array_equal(store.vectors().vectors, own.vectors().vectors)
        assert (store.setting("weights"), store.roots()) == ("{}", ["/"])
        assert store.search("dough")[0].path == "/a.txt"
    folder = paths.adapters_dir() / "tiny" / "persona-uncle"
    assert json.loads((folder / "adapter.json").read_text()) == {"name": "persona-uncle", "rank": 4}
    assert (folder / "adapter.safetensors").read_bytes() == b"weights" * 1000
    assert {each.stat().st_mode & 0o777 for each in folder.iterdir()} == {0o600}


def test_a_deleted_persona_comes_back_under_its_own_name(file, saki):
    personas.delete("saki")
    for each in saki.iterdir():
        each.unlink()
    saki.rmdir()
    assert backup.read(file) == "saki"
    assert personas.names() == ["saki"]
    assert {each.name for each in paths.personas_dir().iterdir()} <= {"saki.sqlite", "saki.sqlite.lock"}


def test_a_backup_is_private_and_replaces_no_file(file):
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["saki.killah"]
    with pytest.raises(KillahError, match="exists already"):
        backup.write("saki", file)


@pytest.mark.parametrize("name", [None, "saki"])
def test_a_persona_that_is_there_is_not_replaced(file, name):
    with pytest.raises(KillahError, match="There is a persona 'saki' already"):
        backup.read(file, name)


@pytest.mark.parametrize("name", ["../x", "a/b", ""])
def test_a_name_cannot_lead_elsewhere(file, name):
    with pytest.raises(KillahError, match="not a name"):
        backup.read(file, name)


def flip(members):
    data = bytearray(members["persona.sqlite"])
    data[5000] ^= 1
    members["persona.sqlite"] = bytes(data)


def newer_format(members):
    manifest = json.loads(members["manifest.json"])
    members["manifest.json"] = json.dumps(manifest | {"format": 99, "more": 1}).encode()


def without_manifest(members):
    del members["manifest.json"]


def listed_nonsense(members):
    members["manifest.json"] = b"[" * 100_000


def another_member(members):
    members["run.py"] = b"print('hello')"


def another_member_listed(members):
    another_member(members)
    described(members)


def leads_out(members):
    members["adapters/../../x/adapter.json"] = b"{}"
    described(members)


def a_pickle(members):
    members["adapters/tiny/adapter.bin"] = members.pop("adapters/tiny/adapter.safetensors")
    described(members)


def no_database(members):
    members["persona.sqlite"] = b"text" * 1000
    described(members)


def changed_tables(sql):
    def change(members):
        db = sqlite3.connect(":memory:")
        db.deserialize(members["persona.sqlite"])
        db.executescript(sql)
        members["persona.sqlite"] = db.serialize()
        described(members)

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (flip, "damaged, or was altered"),
        (newer_format, "newer Killah"),
        (without_manifest, "no backup"),
        (listed_nonsense, "no backup"),
        (another_member, "altered"),
        (another_member_listed, "no backup"),
        (leads_out, "no backup"),
        (a_pickle, "no backup"),
        (no_database, "altered"),
        (changed_tables("PRAGMA user_version = 99"), "newer Killah"),
        (changed_tables("CREATE TABLE more(x)"), "no backup"),
        (
            changed_tables("CREATE TRIGGER t AFTER INSERT ON meta BEGIN DELETE FROM chunks; END"),
            "no backup",
        ),
        (changed_tables("DROP TABLE settings"), "no backup"),
        (changed_tables("DELETE FROM vectors"), "damaged, or was altered"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_is_no_sound_backup_is_one_sentence_and_changes_nothing(file, home, change, says):
    rewritten(file, change)
    before = sorted(home.rglob("*"))
    with pytest.raises(KillahError, match=says) as caught:
        backup.read(file, "uncle")
    assert "\n" not in str(caught.value)
    assert [path for path in sorted(home.rglob("*")) if path.suffix != ".lock"] == [
        path for path in before if path.suffix != ".lock"
    ]


@pytest.mark.parametrize("data", [b"", b"PK", b"text" * 100])
def test_a_file_that_is_no_zip_is_one_sentence(home, tmp_path, data):
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(KillahError, match="no backup"):
        backup.read(tmp_path / "x")


def test_a_backup_cut_short_is_one_sentence(file):
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(KillahError, match="no backup"):
        backup.read(file, "uncle")


def test_a_bomb_is_stopped_at_the_size_it_says(file):
    def bomb(members):
        members["adapters/tiny/adapter.safetensors"] = bytes(50_000_000)

    rewritten(file, bomb)
    with pytest.raises(KillahError, match="altered"):
        backup.read(file, "uncle")


def test_a_missing_file_and_a_missing_persona(home, tmp_path):
    with pytest.raises(KillahError, match="does not exist"):
        backup.read(tmp_path / "nowhere")
    with pytest.raises(KillahError, match="no persona"):
        backup.write("nobody", tmp_path / "x")
