import pytest

from notifications import compose
from notifications.compose import Button


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ada Lovelace", "Hello Ada Lovelace,"),
        ("Siân O'Connor-Ŵyn", "Hello Siân O'Connor-Ŵyn,"),
        ("李小龙", "Hello 李小龙,"),
        ("Jr. Smith", "Hello Jr. Smith,"),
        ("", "Hello,"),
        ("Click https://evil.example now", "Hello,"),
        ("www.evil.example", "Hello,"),
        ("<b>Ada</b>", "Hello,"),
        ("{{ firm }}", "Hello,"),
        ("=HYPERLINK(1)", "Hello,"),
        ("Win 1000 dollars", "Hello,"),
        ("a" * 41, "Hello,"),
        ("Buy our great new product line today", "Hello,"),
    ],
)
def test_greeting_uses_only_what_looks_like_a_name(name, expected):
    assert compose.greeting(name) == expected


def test_body_becomes_text_and_html():
    values = {"greeting": "Hello,", "reasons": ["one", "two"], "button": Button("Go", "https://x.example/?a=1&b=2")}

    text, html = compose.fill("{{ greeting }}\n\n{{reasons}}\n\n{{ button }}", values)

    assert text == "Hello,\n\n- one\n- two\n\nGo:\nhttps://x.example/?a=1&b=2"
    assert "<p>Hello,</p>" in html
    assert "<ul><li>one</li><li>two</li></ul>" in html
    assert 'href="https://x.example/?a=1&amp;b=2"' in html


def test_paragraph_without_a_value_is_left_out():
    text, html = compose.fill(
        "{{ greeting }}\n\nAbout that: {{ asked_otherwise }}", {"greeting": "Hi", "asked_otherwise": ""}
    )

    assert (text, html) == ("Hi", "<p>Hi</p>")


def test_values_are_escaped_in_html_and_raw_in_text():
    text, html = compose.fill("Dear {{ greeting }}", {"greeting": "<script>{{ firm }}</script>"})

    assert text == "Dear <script>{{ firm }}</script>"
    assert html == "<p>Dear &lt;script&gt;{{ firm }}&lt;/script&gt;</p>"


def test_unknown_placeholder_is_named():
    assert "“password”" in compose.complaint("{{ greeting }} {{ password }} {{firm}}", is_line=False)


@pytest.mark.parametrize(
    ("body", "is_line", "says"),
    [
        ("{{ greeting }}\n\n{{ button }}", False, ""),
        ("What we go by:\n{{ reasons }}", False, ""),
        ("Press {{ button }} now", False, "“button” must stand alone"),
        ("{{ reasons }}\nand more", False, "“reasons” must stand alone"),
        ("Your {{ button }}", True, "cannot stand in the subject"),
        ("For you from {{ firm }}", True, ""),
    ],
)
def test_lists_and_buttons_need_a_line_of_their_own(body, is_line, says):
    complaint = compose.complaint(body, is_line=is_line)

    assert (says in complaint) if says else complaint == ""


def test_subject_stays_on_one_line():
    assert compose.fill_line("For {{ firm }}", {"firm": "A\r\nBcc: x@example.com"}) == "For A Bcc: x@example.com"


def test_words_may_lead_to_a_list_and_go_where_the_list_is_empty():
    body = "What we go by:\n{{ reasons }}"

    assert compose.fill(body, {"reasons": ["one", "two"]}) == (
        "What we go by:\n- one\n- two",
        "<p>What we go by:</p>\n<ul><li>one</li><li>two</li></ul>",
    )
    assert compose.fill(body, {"reasons": []}) == ("", "")


def test_lines_of_a_value_that_stands_alone_are_kept():
    text, html = compose.fill("{{ time }}", {"time": "Tuesday <1>\n10:00"})

    assert text == "Tuesday <1>\n10:00"
    assert html == "<p>Tuesday &lt;1&gt;<br>10:00</p>"


def test_empty_body_is_no_crash():
    assert compose.fill("", {}) == ("", "<p></p>")


def test_moment_stands_out_and_its_lines_stay_lines():
    moment = compose.Moment("Thursday, 10:00", ("With <b>Grace</b>", "For Grace: 16:00"))

    text, html = compose.fill("{{ time }}", {"time": moment})

    assert text == "Thursday, 10:00\nWith <b>Grace</b>\nFor Grace: 16:00"
    assert "<strong>Thursday, 10:00</strong><br>With &lt;b&gt;Grace&lt;/b&gt;<br>For Grace: 16:00" in html


def test_link_is_written_out_unless_it_has_a_label():
    link = compose.Link("Join here", "https://meet.example/?a=1&b=2")
    labelled = compose.Link("Move it", "https://example.com/r/x/", label="the page")

    text, html = compose.fill("{{ join }}\n\n{{ move }}", {"join": link, "move": labelled})

    assert text == "Join here: https://meet.example/?a=1&b=2\n\nMove it: https://example.com/r/x/"
    assert '<a href="https://meet.example/?a=1&amp;b=2">https://meet.example/?a=1&amp;b=2</a>' in html
    assert '<a href="https://example.com/r/x/">the page</a>' in html
