from killah.persona.parsing import Parser
from killah.persona.scanning import scan


def test_the_samples_of_every_format_are_read(samples):
    files = scan([samples]).files.values()
    with Parser() as parser:
        words = {file.path: parser.read(file.path, file.format).words for file in files}
    assert sorted(file.format for file in files) == [
        f for f in ("docx", "md", "pdf", "rtf", "txt") for _ in range(3)
    ]
    assert all(1_400 < count < 2_100 for count in words.values())
