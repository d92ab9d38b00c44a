"""The firm's accent: whatever colour staff choose, words on it and words in it can be read."""

import pytest

from intake import brand, zones
from intake.models import Firm
from intake.zone_choices import ZONES


@pytest.mark.parametrize("accent", ["#14665c", "#000000", "#FFFFFF", "#ffee00", "#777777", "#0000ff", "#c0392b"])
def test_every_accent_can_be_read(accent):
    colours = brand.palette(accent)

    assert colours.accent == accent.lower()
    assert brand.contrast(colours.on_accent, colours.accent) >= 4.5
    assert brand.contrast(colours.ink, brand.LIGHT_PAGE) >= 4.5
    assert brand.contrast(colours.dark_accent, brand.DARK_PAGE) >= 4.5
    assert brand.contrast(colours.dark_on_accent, colours.dark_accent) >= 4.5


def test_contrast_is_that_of_wcag():
    assert brand.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert brand.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_accent_that_can_be_read_stays_as_it_is():
    assert brand.palette("#14665c").ink == "#14665c"


@pytest.mark.django_db
def test_brand_stylesheet_carries_the_firms_colour(client):
    Firm.objects.create(pk=1, accent="#ffee00")

    response = client.get("/brand.css")

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/css; charset=utf-8"
    assert response.headers["Cache-Control"] == "public, max-age=3600"
    assert "--accent:#ffee00;--on-accent:#000000" in response.content.decode()


@pytest.mark.django_db
def test_pages_name_the_colour_in_the_address_so_that_a_new_one_is_seen_at_once(client):
    Firm.objects.create(pk=1, accent="#ffee00")

    assert '"/brand.css?ffee00"' in client.get("/").content.decode()


def test_every_zone_that_the_page_offers_is_one():
    offered = [zone for _, choices in ZONES for zone, _ in choices]

    assert all(map(zones.is_known, offered))
    assert len(set(offered)) == len(offered)
