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
