from killah.persona.chunks import LONGEST, SHORTEST, chunks


def prose(words: int, name: str = "word") -> str:
    """Sentences of ten words."""
    return " ".join(f"{name.capitalize()} " + " ".join([name] * 8) + f" {name}." for _ in range(words // 10))


def sizes(passages):
    return [len(passage.split()) for passage in passages]


def test_short_paragraphs_are_merged_and_long_ones_split_at_sentence_ends():
    text = "\n\n".join([prose(30)] * 4 + [prose(400)] + [prose(90)])
    passages = chunks(text)
    assert all(SHORTEST <= size <= LONGEST for size in sizes(passages))
    assert all(passage.endswith(".") for passage in passages)


def test_no_word_is_lost_or_invented():
    text = "\n\n".join(prose(count, f"w{count}x") for count in (10, 250, 40, 90, 170, 20))
    assert " ".join(chunks(text)).split() == text.split()


def test_a_change_at_the_start_leaves_later_passages_and_their_vectors_alone():
    body = [prose(100, f"p{number}x") for number in range(8)]
    before = chunks("\n\n".join(body))
    after = chunks("\n\n".join([prose(20, "new"), *body]))
    assert before[1:] == after[-len(before) + 1 :]


def test_one_endless_line_is_cut():
    passages = chunks("word " * 5000)
    assert max(sizes(passages)) <= LONGEST
    assert max(map(len, chunks("x" * 1_000_000))) < 40_000


def test_nothing_gives_nothing():
    assert chunks(" \n\n \n") == []


def test_a_document_of_a_few_words_is_one_passage():
    assert chunks("Hello world.") == ["Hello world."]
