"""Makes `samples/`: fifteen pieces by one public-domain author in the five formats Killah reads.

    python -m tools.make_samples DIR      # DIR/g-k-chesterton_*.txt, one file a volume (Standard Ebooks)

The result is committed; this file says where it came from and makes it again.
"""

import argparse
from pathlib import Path

from tools.documents import write_document

AUTHOR = "G. K. Chesterton"
SAMPLES = Path(__file__).parent.parent / "samples"
LENGTH = 9_000  # characters a piece, cut at the end of a paragraph
SHORTEST, LONGEST = 6_000, 12_000

# file name -> (volume, chapter counted from 0); no chapter twice
PIECES = {
    "on-the-negative-spirit.txt": ("heretics", 1),
    "the-maniac.txt": ("orthodoxy", 2),
    "the-blue-cross.txt": ("the-innocence-of-father-brown", 0),
    "on-the-institution-of-the-family.md": ("heretics", 13),
    "the-suicide-of-thought.md": ("orthodoxy", 3),
    "the-queer-feet.md": ("the-innocence-of-father-brown", 2),
    "christmas-and-the-esthetes.docx": ("heretics", 5),
    "the-ethics-of-elfland.docx": ("orthodoxy", 4),
    "the-flying-stars.docx": ("the-innocence-of-father-brown", 3),
    "the-flag-of-the-world.rtf": ("orthodoxy", 5),
    "the-honour-of-israel-gow.rtf": ("the-innocence-of-father-brown", 5),
    "the-two-poets-of-saffron-park.rtf": ("the-man-who-was-thursday", 0),
    "omar-and-the-sacred-vine.pdf": ("heretics", 6),
    "the-eternal-revolution.pdf": ("orthodoxy", 7),
    "the-feast-of-fear.pdf": ("the-man-who-was-thursday", 4),
}

README = f"""# Samples

Fifteen pieces by {AUTHOR} (1874-1936), the openings of chapters of *Heretics* (1905), *The Man Who Was
Thursday* (1908), *Orthodoxy* (1908) and *The Innocence of Father Brown* (1911): three each in .txt, .md,
.docx, .rtf and .pdf. `make demo` indexes them and writes with the persona they give.

Source: the Standard Ebooks editions. The text is in the public domain in the United States and wherever
copyright lasts seventy years after the author's death; Standard Ebooks' own work is CC0 1.0.

The shipped base model was not trained on this author, so what a persona adds here is not something that
the model knew already.

Made by `python -m tools.make_samples DIR`.
"""


def opening(chapter: str) -> list[str]:
    """Whole paragraphs from the start of `chapter`, about `LENGTH` characters."""
    taken: list[str] = []
    for paragraph in chapter.strip().split("\n\n"):
        size = sum(map(len, taken))
        if size >= LENGTH or (size >= SHORTEST and size + len(paragraph) > LONGEST):
            break
        taken.append(" ".join(paragraph.split()) if "\n" not in paragraph else paragraph)
    return taken


def title(name: str) -> str:
    """`the-feast-of-fear.pdf` -> `The Feast of Fear`."""
    words = Path(name).stem.split("-")
    small = {"of", "the", "and", "on"}
    return " ".join(
        word if index and word in small else word.capitalize() for index, word in enumerate(words)
    )


def main() -> None:
    """Read the volumes named on the command line and write every sample."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, help="folder of g-k-chesterton_*.txt")
    source = parser.parse_args().source
    SAMPLES.mkdir(exist_ok=True)
    for name, (volume, chapter) in PIECES.items():
        book = (source / f"g-k-chesterton_{volume}.txt").read_text("utf-8")
        paragraphs = opening(book.split("\n\n\n")[chapter])
        write_document(SAMPLES / name, title(name), paragraphs, AUTHOR)
        print(f"{name}: {sum(map(len, paragraphs)):,} characters")
    (SAMPLES / "README.md").write_text(README, "utf-8")
    (SAMPLES / ".killahignore").write_text("README.md\n")  # ours, not the author's


if __name__ == "__main__":
    main()
