import pytest

from killah.persona.readers import reader
from tools.documents import FORMATS

PARAGRAPHS = ["“Curly” words — and a brace {or two} \\ three.", "A second paragraph; café."]


@pytest.mark.parametrize("name", FORMATS)
def test_a_document_is_the_same_bytes_each_time_and_reads_back(name):
    """The committed samples must not change when they are made again."""
    first, second = (FORMATS[name]("The Title", PARAGRAPHS, "A. Writer") for _ in range(2))
    assert first == second
    read = reader(name).read(first).text
    assert all(paragraph in read for paragraph in PARAGRAPHS)
    assert "The Title" in read
