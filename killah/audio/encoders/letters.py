"""The letters of a CTC head, as transformers' tokenizers write them down."""

from pathlib import Path

from killah.hub.files import read_json

FILES = ("vocab.json", "added_tokens.json")  # {letter: id}; the second may add `<s>` and `</s>`


def read_letters(folder: Path, size: int) -> list[str] | None:
    """What each of `size` outputs spells, the empty string where no file says; None without vocab.json.

    Raises `KillahError` for a file that is damaged.
    """
    if not (folder / FILES[0]).exists():
        return None
    letters = [""] * size
    for path in (folder / name for name in FILES):
        for letter, index in read_json(path).items() if path.exists() else ():
            if isinstance(index, int) and 0 <= index < size:
                letters[index] = letter
    return letters
