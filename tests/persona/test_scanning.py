import os

import pytest

from killah.errors import KillahError
from killah.persona.scanning import scan


def names(found, folder):
    return sorted(os.path.relpath(path, os.path.realpath(folder)) for path in found.files)


@pytest.fixture
def tree(tmp_path):
    """`tree("a/b.txt", ...)` makes files, each with one word in it."""

    def make(*files):
        for file in files:
            path = tmp_path / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("word")
        return tmp_path

    return make


def test_every_format_is_found_and_others_are_counted(tree):
    folder = tree(
        "a.txt",
        "b.MD",
        "c/d.rtf",
        "c/e.docx",
        "c/f/g.pdf",
        "h.markdown",
        "photo.jpg",
        "other.jpg",
        "Makefile",
    )
    found = scan([folder])
    assert names(found, folder) == ["a.txt", "b.MD", "c/d.rtf", "c/e.docx", "c/f/g.pdf", "h.markdown"]
    assert found.other == {".jpg": 2, "no ending": 1}
    assert found.skipped == []


def test_hidden_and_system_files_are_left_alone(tree):
    folder = tree(
        ".git/notes.md", ".hidden.txt", "node_modules/p/README.md", "~$open.docx", "App.app/x.txt", "a.txt"
    )
    assert names(scan([folder]), folder) == ["a.txt"]


def test_killahs_own_data_is_never_read(tree, home, monkeypatch):
    folder = tree("a.txt", "killah/data/models/README.md")
    monkeypatch.setenv("KILLAH_HOME", str(folder / "killah"))
    assert names(scan([folder]), folder) == ["a.txt"]


def test_a_symlink_loop_ends_and_is_named(tree):
    folder = tree("a.txt", "b/c.txt")
    (folder / "b" / "loop").symlink_to(folder)
    (folder / "twin.txt").symlink_to(folder / "a.txt")
    found = scan([folder])
    assert names(found, folder) == ["a.txt", "b/c.txt"]
    assert [each.reason for each in found.skipped] == ["a symbolic link, not followed"] * 2


def test_a_link_to_itself_is_one_reason(tree):
    folder = tree()
    (folder / "loop").symlink_to(folder / "loop")
    [skipped] = scan([folder / "loop"]).skipped
    assert "too many levels of symbolic links" in skipped.reason


def test_a_named_link_is_followed_because_it_was_named(tree):
    folder = tree("real/a.txt")
    (folder / "link").symlink_to(folder / "real")
    assert names(scan([folder / "link"]), folder) == ["real/a.txt"]


def test_gitignore_rules_with_the_innermost_deciding(tree):
    folder = tree("a.txt", "b.log.txt", "keep/b.log.txt", "drafts/x.txt", "drafts/deep/y.txt", "z/drafts.txt")
    (folder / ".killahignore").write_text("*.log.txt\ndrafts/\n!drafts/x.txt\n# a comment\n")
    (folder / "keep" / ".killahignore").write_text("!*.log.txt\n")
    assert names(scan([folder]), folder) == ["a.txt", "keep/b.log.txt", "z/drafts.txt"]


def test_rules_of_a_folder_above_hold_for_a_folder_below(tree):
    folder = tree("letters/private/a.txt", "letters/b.txt")
    (folder / ".killahignore").write_text("private/\n")
    assert names(scan([folder / "letters"]), folder) == ["letters/b.txt"]


def test_rules_hold_for_a_file_that_a_shell_named(tree):
    folder = tree("a.txt", "secret.txt")
    (folder / ".killahignore").write_text("secret.txt\n")
    found = scan([folder / "a.txt", folder / "secret.txt"])
    assert names(found, folder) == ["a.txt"]
    assert "left out by .killahignore" in found.skipped[0].reason


def test_an_unreadable_ignore_file_hides_its_folder(tree):
    folder = tree("a.txt", "b/secret.txt")
    (folder / "b" / ".killahignore").mkdir()
    found = scan([folder])
    assert names(found, folder) == ["a.txt"]
    assert found.skipped[0].path.endswith("/b")


@pytest.mark.parametrize("line", ["!", "secret\\", "[z-a].txt"])
def test_a_rule_that_says_nothing_hides_its_folder(tree, line):
    """A slip of the pen in .killahignore must neither stop the run nor lay open what it was to hide."""
    folder = tree("a.txt", "b/secret.txt", "b/c/d.txt", "e/f.txt")
    (folder / "b" / ".killahignore").write_text(f"{line}\nsecret.txt\n")
    found = scan([folder])
    assert names(found, folder) == ["a.txt", "e/f.txt"]
    assert found.unseen == [str(folder / "b")]
    assert "is no gitignore pattern" in found.skipped[0].reason
    below = scan([folder / "b" / "c"])
    assert not below.files
    assert below.unseen == [str(folder / "b" / "c")]
    with pytest.raises(KillahError, match="is no gitignore pattern"):
        scan([folder], exclude=[line])


def test_exclude_takes_patterns(tree):
    folder = tree("a.txt", "b/a.txt", "c/d.md")
    assert names(scan([folder], exclude=["/a.txt", "*.md"]), folder) == ["b/a.txt"]


def test_what_cannot_be_read_is_named_with_its_reason(tree):
    folder = tree("photo.jpg", "README")
    os.mkfifo(folder / "pipe.txt")
    paths = [folder / name for name in ("photo.jpg", "README", "pipe.txt", "nowhere.txt", "zero\0byte.txt")]
    reasons = [each.reason for each in scan(paths).skipped]
    assert reasons[:4] == [
        "no reader for .jpg",
        "no reader for files without an ending",
        "not a file",
        "does not exist",
    ]
    assert len(reasons) == 5


def test_a_name_that_is_not_utf8_is_one_reason(tree):
    folder = tree()
    (folder / os.fsdecode(b"caf\xe9.txt")).write_text("word")
    [skipped] = scan([folder]).skipped
    assert skipped.reason == "its name is not UTF-8"
    assert "\udce9" not in str(skipped)


def test_a_name_cannot_steer_the_terminal(tree):
    folder = tree()
    (folder / "\x1b[2Jx.txt").symlink_to(folder)
    [skipped] = scan([folder]).skipped
    assert "\x1b" not in str(skipped)


def test_folders_nested_very_deep_are_read(tmp_path):
    folder = tmp_path
    for _ in range(300):
        folder = folder / "d"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("word")
    assert len(scan([tmp_path]).files) == 1
