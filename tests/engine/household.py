"""A few documents of somebody's, indexed as `killah index` does it."""

from killah.persona.embedding import Embedder
from killah.persona.indexing import index

EMBEDDER = "all-MiniLM-L6-v2"
DOCUMENTS = {
    "household-notes.md": """
The spare keys are in the blue bowl on the shelf by the back door. I left the car keys with Marta on
Sunday, because she needed the van for the move.

The boiler was serviced on 14 March 2024 by Mr. Hollis. He said that the pump will last another two
winters.
""",
    "trip-to-lisbon.txt": """
We flew to Lisbon on the third of May and stayed eleven nights at the Pensao Londres. Ines met us at the
airport and drove us to the old town.

On the second day we took the train to Sintra. The palace was closed because of a strike, so we walked up
to the Moorish castle instead. Jonas lost his umbrella on the number 28 tram.
""",
    "письмо-маме.txt": """
Дорогая мама, мы приехали в Казань в среду вечером и сразу пошли к тёте Вере. Ключи от дачи лежат в
жестяной коробке под лестницей.

Поезд обратно отходит двенадцатого июля в семь часов утра. Варенье я отдал соседке Нине Петровне.
""",
}


def write(folder):
    """Write the documents into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text.strip(), "utf-8")
    return folder


def indexed(folder, persona="default"):
    """Write and index them into the present home."""
    index([write(folder)], persona, Embedder(EMBEDDER))
