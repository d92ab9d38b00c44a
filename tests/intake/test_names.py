"""What a stranger typed as a name: what we greet by, and what of it goes on one line of a mail or a calendar."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.names import looks_like_name, plain


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("  Ada\r\nBcc: eve@example.com ", "Ada Bcc: eve@example.com"),
        ("Ada\u2028Lovelace", "Ada Lovelace"),
        ("\u202eecalevoL adA\u202c", "ecalevoL adA"),
        ("A\u200bda\ufeff \U000e0041", "Ada"),
        ("Ada\x00\x0b\x1b[31m", "Ada [31m"),
        ("نرگس\u200cها", "نرگس\u200cها"),
        ("Nguye\u0302\u0303n", "Nguye\u0302\u0303n"),
        ("e" + "\u0301" * 10_000, "e" + "\u0301" * 3),
        ("", ""),
    ],
)
def test_text_becomes_one_visible_line(typed, shown):
    assert plain(typed) == shown


def test_long_text_is_cut_and_says_so():
    assert plain("a" * 100) == "a" * 100
    assert plain("a" * 101) == "a" * 99 + "…"


@given(st.text(max_size=300))
def test_whatever_was_typed_stays_on_one_short_line(typed):
    line = plain(typed)

    assert len(line) <= 100
    assert not {unicodedata.category(char) for char in line} & {"Cc", "Zl", "Zp", "Cs"}
    assert plain(line) == line


@pytest.mark.parametrize("name", ["Ada", "Ada Lovelace", "Seán Ó'Brien", "J. R. R. Tolkien", "李小龍"])
def test_names_look_like_names(name):
    assert looks_like_name(name)


@pytest.mark.parametrize("text", ["", "pills.example", "Ada <b>", "Ada\nBcc", "=1+1", "a b c d e f", "x" * 41])
def test_other_text_does_not(text):
    assert not looks_like_name(text)
