"""What would be read is said in full, once for every root."""

import pytest

from killah.errors import KillahError
from killah.persona import personas
from killah.persona.consent import plan, set_paused
from killah.persona.scanning import scan
from killah.persona.store import Store


def agree(*roots):
    with Store.create(personas.path_of("saki")) as store:
        store.agree(map(str, roots))


def test_a_plan_counts_what_is_read_and_what_is_left_out(writing, home):
    (writing / ".hidden.txt").write_text("Hidden.")
    (writing / "node_modules").mkdir()
    (writing / "draft.txt").write_text("A draft.")
    (writing / "photo.jpg").touch()
    (writing / "link.txt").symlink_to(writing / "bread.txt")
    (writing / "sub").mkdir()
    (writing / "sub" / "a.txt").write_text("12345")
    found = plan("saki", scan([writing], ["draft*"]))
    assert found.roots == [str(writing)]
    assert found.formats == {"md": 2, "txt": 3}
    assert (found.documents, found.folders) == (5, 2)
    read = [writing / name for name in ("bread.txt", "harbour.md", "cells.txt", "court.md")]
    assert found.bytes == 5 + sum(path.stat().st_size for path in read)
    assert (found.hidden, found.ignored, found.other, found.skipped) == (2, 1, 1, 1)
    assert personas.names() == []


def test_what_was_agreed_to_and_all_below_is_not_asked_about(writing, tmp_path, home):
    (writing / "sub").mkdir()
    (writing / "sub" / "a.txt").write_text("Words.")
    other = tmp_path / "writing2"
    other.mkdir()
    (other / "b.txt").write_text("Words.")
    agree(writing)
    assert plan("saki", scan([writing])) is None
    assert plan("saki", scan([writing / "sub"])) is None
    assert plan("saki", scan([writing, other])).roots == [str(other)]
    assert plan("wells", scan([writing])).roots == [str(writing)]
    assert plan("saki", scan([tmp_path])).roots == [str(tmp_path)]


def test_what_was_excluded_is_asked_about_before_it_is_read(writing, home):
    """`--exclude clients/` once, forgotten the next time: nobody agreed to have the clients' letters read."""

    def asked(*exclude):
        return plan("saki", scan([writing], exclude)) is not None

    def agree_to(*exclude):
        with Store.create(personas.path_of("saki")) as store:
            store.agree([str(writing)], exclude)

    agree_to("clients/", "draft*")
    assert not asked("draft*", "clients/") and not asked("draft*", "clients/", "*.md")
    assert asked() and asked("clients/")
    agree_to("clients/")
    assert not asked("clients/") and asked()
    agree_to("clients/", "*.md")  # less for once does not take back what was agreed to
    assert not asked("clients/") and asked()
    agree_to()
    assert not asked() and not asked("*.md")
    with Store.create(personas.path_of("saki")) as store:
        store.disagree([str(writing)])
        assert store.rows("SELECT * FROM settings") == []


def test_where_there_is_nothing_to_read_there_is_nothing_to_ask(tmp_path, home):
    assert plan("saki", scan([tmp_path])) is None


def test_a_pause_is_kept_until_it_ends(home):
    agree()
    for paused in (True, False):
        set_paused("saki", paused)
        with Store.open(personas.path_of("saki")) as store:
            assert (store.setting("paused") == "1") is paused
    with pytest.raises(KillahError, match="no persona"):
        set_paused("nobody", True)
