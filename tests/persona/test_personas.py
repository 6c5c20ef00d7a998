import pytest

from killah.errors import KillahError
from killah.persona import personas
from killah.persona.store import Store


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "a/b", "/etc/passwd", "a\0b", "-rf", ".hidden", "x" * 80, "a\nb", " a", "a."],
)
def test_a_name_cannot_lead_out_of_the_folder(name):
    with pytest.raises(KillahError, match="not a name"):
        personas.path_of(name)


@pytest.mark.parametrize("name", ["saki", "G. K. Chesterton", "Пушкин", "me@work", "draft-2"])
def test_names_people_use_are_names(name, home):
    assert personas.path_of(name).parent == home / "data" / "personas"


def test_nobody_is_no_persona():
    """Text indexed into a persona 'none' would never be used: `--persona none` writes like nobody."""
    with pytest.raises(KillahError, match=r"stands for nobody.*persona pause"):
        personas.path_of("none")


def test_a_stray_file_does_not_hide_the_personas(home):
    """A copy that a file manager made has a name no persona can have; the list must not fail over it."""
    with Store.create(personas.path_of("saki")) as store:
        for stray in ("(copy) saki", "none", ".saki"):
            store.path.with_name(f"{stray}.sqlite").touch()
    assert personas.names() == ["saki"]
    assert [each.name for each in personas.summaries()] == ["saki"]


def test_a_persona_is_listed_and_deleted_with_all_its_files(home):
    with Store.create(personas.path_of("saki")):
        assert personas.names() == ["saki"]
    personas.delete("saki")
    assert personas.names() == []
    assert list((home / "data" / "personas").iterdir()) == []
    with pytest.raises(KillahError, match="no persona 'saki'"):
        personas.delete("saki")


def test_a_damaged_persona_is_listed_with_its_problem_and_can_be_deleted(home):
    path = personas.path_of("saki")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"garbage" * 1000)
    [summary] = personas.summaries()
    assert "damaged" in summary.counts["problem"]
    personas.delete("saki")
    assert personas.names() == []
