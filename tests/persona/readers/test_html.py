import pytest

from killah.persona.readers.html import read

PAGE = """<!DOCTYPE html><html><head>{head}<title>Secret</title><style>p {{ color: red }}</style></head>
<body><nav><a href="/">Home</a> Menu</nav><!-- secret > --><![if !IE]>
<h1>Прогулка</h1>
<p>Первый абзац<br>в две строки, &laquo;цитата&raquo;&nbsp;и <code>код</code>.
<p>Второй <b>абзац</b> не закрыт.
<blockquote>Чужие слова.</blockquote>
<table><tr><td>раз<td>два<tr><td>три<td>четыре</table>
<pre>def secret():
    return 1</pre>
<pre>Мой дядя самых честных правил,
Когда не в шутку занемог,</pre>
<ul><li>один<li>два</ul>
<script>var secret = "<p>secret</p>";</script><p hidden>secret<p style="display: none">secret</p></p>
<button>Press</button><footer>Чьи-то права</footer></body></html>"""
PROSE = [
    "Прогулка",
    "Первый абзац\nв две строки, «цитата» и код.",
    "Второй абзац не закрыт.",
    "Мой дядя самых честных правил,\nКогда не в шутку занемог,",
    "один",
    "два",
]
CHARSETS = {
    "cp1251": '<meta charset="windows-1251">',
    "koi8-r": '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">',
    "utf-8": "<meta charset=utf-8>",
    "utf-8-sig": "",
    "utf-16": "",
    "cp866": "<meta charset=ibm866>",
    "mac-cyrillic": "<meta charset=x-mac-cyrillic>",
}


def paragraphs(source: str | bytes) -> list[str]:
    return read(source.encode() if isinstance(source, str) else source).text.split("\n\n")


@pytest.mark.parametrize(("encoding", "head"), CHARSETS.items())
def test_prose_is_kept_in_any_encoding_and_the_rest_counted(encoding, head):
    prose = read(PAGE.format(head=head).encode(encoding))
    assert prose.text.split("\n\n") == PROSE
    assert prose.left_out == {"page furniture": 5, "quotations": 2, "tables": 4, "code": 4}


def test_a_western_charset_over_russian_letters_is_a_default_nobody_set():
    page = "<meta charset=iso-8859-1><p>Привет, мир, как твои дела сегодня?".encode("cp1251")
    assert paragraphs(page) == ["Привет, мир, как твои дела сегодня?"]
    assert paragraphs("<meta charset=iso-8859-1><p>Déjà vu à Orléans".encode("cp1252")) == [
        "Déjà vu à Orléans"
    ]


def test_a_page_laid_out_with_tables_is_prose():
    prose = "It was a long and quiet afternoon in the garden, and nobody spoke. " * 5
    page = f"<table><tr><td>Home</td><td><p>{prose}</p><table><tr><td>1</td><td>2</td></tr></table></td></tr>"
    assert paragraphs(page + "</table>") == [prose.strip()]
    assert paragraphs("<table><tr><td>One cell holds the whole of this short letter.</table>") == [
        "One cell holds the whole of this short letter."
    ]


def test_code_alone_in_a_paragraph_is_code_and_in_a_sentence_a_word():
    prose = read(b"<p><code>make demo</code></p><p>Type <code>make</code> now.</p>")
    assert (prose.text, prose.left_out) == ("Type make now.", {"code": 2})


def test_unclosed_and_misplaced_tags_lose_no_text():
    assert paragraphs("<div><b>One<p>two</b></i></table></td><div>three<td>four") == [
        "One",
        "two",
        "three",
        "four",
    ]


def test_an_unclosed_comment_costs_no_time():
    assert paragraphs("Kept." + "<!--" * 100_000) == ["Kept."]


def test_a_paragraph_of_links_alone_is_a_menu_and_a_linked_heading_is_none():
    page = (
        '<h1><a href="/">The walk</a></h1><ul><li><a href="/a">Home page</a><li><a href="/b">Help</a></ul>'
        '<p>See <a href="/c">the sea</a>.<p><a name=here>An old anchor is no link.'
    )
    prose = read(page.encode())
    assert prose.text.split("\n\n") == ["The walk", "See the sea.", "An old anchor is no link."]
    assert prose.left_out == {"page furniture": 3}
