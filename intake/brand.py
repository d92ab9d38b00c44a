"""The firm's accent colour made usable: readable words on it, and the accent as text on light and dark pages.

Pure. Used by `/brand.css` (`intake.pages`) and by the frame of every mail (`notifications.mails`). Contrast is
that of WCAG 2: 4.5 to 1 is what body text needs.
"""

import colorsys
from dataclasses import dataclass

ENOUGH = 4.5
# The darkest background of the light pages and the lightest of the dark ones (config/static/truegap/page.css).
LIGHT_PAGE, DARK_PAGE = "#eaf0ee", "#24302d"
WHITE, BLACK = "#ffffff", "#000000"
STEP = 0.02


@dataclass(frozen=True)
class Palette:
    """`accent` fills, `on_accent` is read on it, `ink` is the accent as text; `dark_…` for dark pages.

    A dark page fills with its ink, since an accent that was chosen for paper would sink into the background.
    """

    accent: str
    on_accent: str
    ink: str
    dark_accent: str
    dark_on_accent: str


def palette(accent: str) -> Palette:
    """Everything that follows from one #rrggbb."""
    dark = _until_readable(accent, on=DARK_PAGE, step=STEP)
    return Palette(
        accent=accent.lower(),
        on_accent=readable_on(accent),
        ink=_until_readable(accent, on=LIGHT_PAGE, step=-STEP),
        dark_accent=dark,
        dark_on_accent=readable_on(dark),
    )


def readable_on(colour: str) -> str:
    """White or black, whichever stands out more; one of them always reaches 4.5."""
    return max((WHITE, BLACK), key=lambda text: contrast(text, colour))


def contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def stylesheet(accent: str) -> str:
    """The custom properties that page.css builds on."""
    colours = palette(accent)
    return (
        f":root{{--accent:{colours.accent};--on-accent:{colours.on_accent};--accent-ink:{colours.ink}}}\n"
        "@media (prefers-color-scheme:dark){"
        f":root{{--accent:{colours.dark_accent};--on-accent:{colours.dark_on_accent};"
        f"--accent-ink:{colours.dark_accent}}}}}\n"
    )


def _until_readable(colour: str, *, on: str, step: float) -> str:
    """The colour itself where it can be read, else the same hue made lighter or darker until it can."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*(channel / 255 for channel in _channels(colour)))
    found = colour.lower()
    while contrast(found, on) < ENOUGH:
        lightness = min(max(lightness + step, 0.0), 1.0)
        found = "#" + "".join(f"{round(part * 255):02x}" for part in colorsys.hls_to_rgb(hue, lightness, saturation))
    return found


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
