import pytest

from killah.persona.readers import Unreadable
from killah.persona.readers.tex import read

SOURCE = r"""\documentclass[12pt]{article}
\usepackage[cp1251]{inputenc} \newcommand{\me}{Ann Lee} \newcommand{\loop}{\loop\loop}
\title{Secret}
\begin{document}
\maketitle
\section{Bread \& butter}\label{sec:one}
I, \me{}, like \textbf{bold \emph{and nested}} words\footnote{A note.} % a secret comment
and caf\'e, na\"{\i}ve, \v{C}apek --- ``quoted'', let $n = 3$ and $\alpha + \beta$ be.

See \cite[p.~3]{secret}, \href{http://secret}{the link} and \verb|x_y|.\loop\unknown[secret]{Kept.}
\begin{itemize}
\item one
\item[B] two
\end{itemize}
\begin{verse} Tyger\\ Tyger \end{verse}
\begin{lstlisting}
int secret;
\end{lstlisting}
\begin{tabular}{l|l} secret & table \\ \end{tabular}
\begin{equation} secret \end{equation}
\[ secret \] $$ secret $$
\begin{quote} Said another. \end{quote}
Привет, "<мир"> "--- да.
\begin{thebibliography}{9} \bibitem{a} A book, 1999. \end{thebibliography}
\iffalse secret \fi
\end{document} secret"""


def test_prose_is_kept_and_everything_else_left_out_or_counted():
    prose = read(SOURCE.encode())
    assert prose.text.split("\n\n") == [
        "Bread & butter",
        "A note.",
        "I, Ann Lee, like bold and nested words and café, naïve, Čapek — “quoted”, let n = 3 and be.",
        "See , the link and x_y.Kept.",
        "one",
        "B two",
        "Tyger\nTyger",
        "Привет, «мир» — да.",
    ]
    assert prose.left_out == {"code": 2, "tables": 2, "quotations": 2, "references": 3}


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "utf-8", "utf-16"])
def test_russian_in_any_encoding(encoding):
    source = r"\begin{document}Привет, мир, как твои дела сегодня?\end{document}"
    assert read(source.encode(encoding)).text == "Привет, мир, как твои дела сегодня?"


def test_a_chapter_of_its_own_file_needs_no_preamble():
    assert read(rb"\chapter{One} It began.").text == "One\n\nIt began."


def test_what_is_left_open_loses_no_text():
    for opened in (
        r"\textbf{",
        r"\section{",
        r"\footnote{",
        "{{{",
        "}}}",
        "$",
        r"\[",
        r"\begin{verbatim}",
        r"\label{",
    ):
        assert "Kept to the end." in read((r"\em " + opened + " Kept to the end.").encode()).text


def test_another_file_named_tex_is_refused():
    with pytest.raises(Unreadable, match="not a LaTeX"):
        read(b"just text")
