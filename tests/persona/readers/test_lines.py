from killah.persona.readers._lines import join_lines


def test_a_word_cut_at_the_end_of_a_line_is_joined():
    assert (
        join_lines(["It was an extra-", "ordinary thing to find."])
        == "It was an extraordinary thing to find."
    )


def test_a_hyphen_the_document_uses_elsewhere_stays():
    lines = ["He was a well-known man, as well-", "known as any other man in the town."]
    assert join_lines(lines) == "He was a well-known man, as well-known as any other man in the town."


def test_a_hyphen_before_a_name_stays():
    assert join_lines(["The Anglo-", "Saxon tongue is old."]) == "The Anglo-Saxon tongue is old."


def test_speech_on_two_lines_is_two_paragraphs():
    lines = [
        "“I suppose that it is nothing to you,” said he.",
        "“On the contrary, it is all I have to live for.”",
    ]
    assert join_lines(lines).count("\n\n") == 1
