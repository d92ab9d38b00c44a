"""Small pieces of HTML for the pages of the admin; everything that is put in is escaped. Used by admin modules."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

# Without the width, a fieldset around the box would grow with the table, and the page with it.
BOX = "overflow-x:auto;width:0;min-width:100%"
BUTTON = "cursor:pointer;border:1px solid currentColor;border-radius:.4rem;padding:.25rem .7rem;margin:0 .4rem .4rem 0"
CELL = "padding:.35rem .9rem .35rem 0;text-align:left;vertical-align:top"
# Unseen and before all other buttons of a form: what the Enter key in a text field presses.
SAVES_ON_ENTER = SafeString('<button type="submit" name="_save" value="1" tabindex="-1" style="display:none"></button>')


def link(row: Model, text: str) -> SafeString:
    """To the row's own page in the admin."""
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return format_html('<a href="{}" style="text-decoration:underline">{}</a>', reverse(name, args=[row.pk]), text)


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str = "None yet.") -> SafeString:
    """In a box of its own, which a wide table scrolls in: by finger, wheel or keyboard."""
    lines = list(rows)
    if not lines:
        return format_html("<p>{}</p>", empty)
    return format_html(
        '<div style="{}" tabindex="0" role="region" aria-label="{}"><table style="width:100%">'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>",
        BOX,
        ", ".join(head),
        format_html_join("", '<th style="{}">{}</th>', ((CELL, cell) for cell in head)),
        format_html_join("", "<tr>{}</tr>", ((_cells(line),) for line in lines)),
    )


def _cells(line: Sequence[Any]) -> SafeString:
    return format_html_join("", '<td style="{}">{}</td>', ((CELL, cell) for cell in line))


def act_link(url: str, text: str) -> SafeString:
    """To another page, in the shape of a button."""
    return format_html('<a href="{}" style="{}">{}</a>', url, BUTTON, text)


def act_buttons(acts: Iterable[tuple[str, str]]) -> SafeString:
    """A button for each (address, label), which posts the form around it there, so that its CSRF token goes along."""
    return format_html_join(
        "",
        '<button type="submit" formaction="{}" formnovalidate style="{}">{}</button>',
        ((url, BUTTON, label) for url, label in acts),
    )


def listing(items: Iterable[Any]) -> SafeString:
    return format_html(
        '<ul style="list-style:disc;padding-left:1.2rem">{}</ul>',
        format_html_join("", "<li>{}</li>", ((item,) for item in items)),
    )


def preserved(text: str) -> SafeString:
    """Text as it was typed, line breaks kept; in a table that scrolls never a column of single letters."""
    return format_html('<div style="white-space:pre-wrap;overflow-wrap:anywhere;min-width:14rem">{}</div>', text)
