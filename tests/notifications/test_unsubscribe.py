"""The page at /u/TOKEN/: GET changes nothing, POST unsubscribes before it answers, nobody guesses a token."""

from datetime import timedelta

import pytest
from django.core import signing
from django.db import connection
from django.test import Client
from django.utils import timezone

from notifications import suppressions, unsubscribing
from notifications.models import Sequence, Suppression
from notifications.suppressions import Reason, Scope
from tests.factories import make_submission, published

pytestmark = pytest.mark.django_db
ONE_CLICK = "List-Unsubscribe=One-Click"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def lead(house):
    return make_submission().lead


@pytest.fixture
def series(lead):
    return Sequence.objects.get(key="no_booking")


@pytest.fixture
def path(lead, series):
    return f"/u/{unsubscribing.token(lead, series)}/"


def rows():
    """How often PostgreSQL has written to any table of ours, in this transaction or before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables WHERE schemaname = 'public'"
        )
        return cursor.fetchone()[0]


def state(lead, series):
    return suppressions.unsubscribed_from(lead, series)


def test_a_thousand_looks_change_no_row(client, lead, series, path, settings):
    settings.PUBLIC_RATE = None
    before = rows()

    answers = {client.get(path).status_code for _ in range(500)} | {client.head(path).status_code for _ in range(500)}

    assert answers == {200}
    assert rows() == before
    assert (Suppression.objects.count(), state(lead, series)) == (0, "")


def test_count_of_rows_would_notice_a_change(client, path):
    before = rows()

    client.post(path)

    assert rows() > before


def test_one_click_unsubscribes_without_cookie_or_token_of_a_form(lead, series, path):
    mail_program = Client(enforce_csrf_checks=True)

    answer = mail_program.post(path, ONE_CLICK, content_type=FORM)

    assert (answer.status_code, answer.cookies.output()) == (200, "")
    assert state(lead, series) == "all"
    assert published()["lead.unsubscribed"] == 1


def test_one_click_as_multipart_does_the_same(lead, series, path):
    answer = Client(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"})

    assert (answer.status_code, state(lead, series)) == (200, "all")


def test_unsubscribing_again_changes_nothing_and_is_told_once(client, lead, path):
    for _ in range(3):
        assert client.post(path, ONE_CLICK, content_type=FORM).status_code == 200

    assert (Suppression.objects.count(), published()["lead.unsubscribed"]) == (1, 1)


def test_any_post_that_is_not_understood_unsubscribes(client, lead, series, path):
    client.post(path, b"\xff\xfe nonsense", content_type="text/plain")

    assert state(lead, series) == "all"


def test_one_series_alone_can_be_left_and_nobody_else_is_told(client, lead, series, path):
    client.post(path, {"wish": "series"})
    other = Sequence.objects.get(key="after_no_show")

    assert (state(lead, series), state(lead, other)) == ("series", "")
    assert suppressions.against(lead.email, sequence=series) == "They unsubscribed."
    assert suppressions.against(lead.email, sequence=other) == ""
    assert "lead.unsubscribed" not in published()


def test_it_can_be_undone_and_what_bounced_stays(client, lead, series, path):
    suppressions.add(lead.email, Reason.BOUNCED, Scope.ALL, now=timezone.now())
    client.post(path, {"wish": "series"})
    client.post(path)

    client.post(path, {"wish": "again"})

    assert state(lead, series) == ""
    assert [row.reason for row in Suppression.objects.all()] == ["bounced"]


def test_unsubscribing_leaves_every_other_mail_alone(client, lead, path):
    client.post(path)

    assert suppressions.against(lead.email) == ""


def test_page_says_what_is_so_and_offers_the_way_back(client, path):
    before = client.get(path).content.decode()
    after = client.post(path).content.decode()
    again = client.get(path).content.decode()

    assert "Stop our follow-ups?" in before
    assert "Truegap Consulting" in before
    assert 'value="again"' not in before
    for page in (after, again):
        assert "You get no more follow-ups" in page
        assert 'value="again"' in page


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_keeps_indexes_or_is_told_of_the_page(client, path, method):
    answer = getattr(client, method)(path)

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize("method", ["get", "post", "head"])
def test_tokens_that_open_nothing_look_alike(client, lead, series, path, method):
    foreign = signing.Signer(sep=".", salt="intake.submission").sign(lead.id.hex)
    other = unsubscribing.token(lead, Sequence(pk=999))
    tokens = ["x", path[3:-2], path[3:-1].replace(".", ",", 1), foreign, other, "a" * 5000, "%00", "ü.1.x"]

    answers = [getattr(client, method)(f"/u/{token}/") for token in tokens]

    assert {answer.status_code for answer in answers} == {404}
    assert Suppression.objects.count() == 0


def test_token_of_somebody_erased_opens_nothing(client, lead, path):
    lead.submissions.all().delete()
    lead.delete()

    assert client.post(path).status_code == 404


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(client, path, method):
    assert getattr(client, method)(path).status_code == 405


def test_token_is_good_for_ever_and_after_a_change_of_the_secret(client, lead, series, path, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-one-0123456789abcdefghijklmnopqrstuvwxyz"

    assert client.post(path).status_code == 200
    assert state(lead, series) == "all"


def test_mail_program_that_posts_for_many_people_is_not_limited(client, path, settings):
    from intake.rates import Rate

    settings.PUBLIC_RATE = Rate(count=1, seconds=3600)

    assert {client.post(path).status_code for _ in range(5)} == {200}


# --- suppressions ---------------------------------------------------------------------------------------


def test_address_is_nowhere_in_the_table_and_its_hash_needs_the_secret(lead, settings):
    now = timezone.now()
    suppressions.add("ada@example.com", Reason.BOUNCED, Scope.ALL, now=now)
    row = Suppression.objects.values().get()
    before = suppressions.hash_of("ada@example.com")
    settings.SECRET_KEY = "another-one-0123456789abcdefghijklmnopqrstuvwxyz"

    assert "ada" not in str(row)
    assert suppressions.hash_of("ada@example.com") != before


def test_suppression_survives_a_change_of_the_secret_and_is_not_doubled(lead, settings):
    now = timezone.now()
    suppressions.add("ada@example.com", Reason.BOUNCED, Scope.ALL, now=now)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-one-0123456789abcdefghijklmnopqrstuvwxyz"

    again = suppressions.add("ada@example.com", Reason.BOUNCED, Scope.ALL, now=now)

    assert suppressions.against("ada@example.com") == "The address bounced."
    assert (again, Suppression.objects.count()) == (False, 1)


@pytest.mark.parametrize("spelling", ["ADA@example.com", " ada@EXAMPLE.com ", "Ada@Example.Com"])
def test_other_spelling_of_an_address_is_the_same_person(house, spelling):
    suppressions.add(spelling, Reason.COMPLAINED, Scope.ALL, now=timezone.now())

    assert suppressions.against("ada@example.com") == "They complained about our mails."
    assert suppressions.against("adam@example.com") == ""


def test_two_at_once_make_one_row(house):
    now = timezone.now()
    first = suppressions.add("ada@example.com", Reason.MANUAL, Scope.SEQUENCES, now=now)
    second = suppressions.add("ada@example.com", Reason.MANUAL, Scope.SEQUENCES, now=now + timedelta(seconds=1))

    assert (first, second, Suppression.objects.count()) == (True, False, 1)
