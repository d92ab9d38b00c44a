"""The token of a submission: what it opens, how long, and that no log line ever holds one."""

import io
import json
import logging
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.core import signing
from django.utils import timezone

from config.logs import JSONFormatter, NoTokens
from intake import services
from intake.models import Lead, Submission, signer
from tests.factories import enquiry_fields, make_submission
from tests.intake.door import post, problem

LIFE = timedelta(days=180)


def opened(token: str) -> Submission | None:
    return services.by_token(token, now=timezone.now())


# --- what it opens --------------------------------------------------------------------------------------


def test_token_opens_its_own_submission(house):
    first, second = make_submission(), make_submission(email="grace@example.com")

    assert opened(first.token) == first
    assert opened(second.token) == second


def test_token_is_made_as_ever_so_that_links_in_old_mails_still_open(house):
    submission = make_submission()

    assert submission.token == signing.Signer(sep=".", salt="intake.submission").sign(submission.id.hex)


def test_token_with_any_letter_changed_opens_nothing(house):
    token = make_submission().token

    changed = [
        token[:place] + other + token[place + 1 :]
        for place in range(len(token))
        for other in "0aA.-"
        if other != token[place]
    ]

    assert len(changed) > 300
    assert [text for text in changed if opened(text)] == []


@pytest.mark.parametrize(
    "forge",
    [
        lambda submission: submission.id.hex,
        lambda submission: f"{submission.id.hex}.",
        lambda submission: f".{submission.token}",
        lambda submission: f"{submission.token}.",
        lambda submission: submission.token.upper(),
        lambda submission: submission.token.replace(".", ":"),
        lambda submission: f"{submission.token} ",
        lambda submission: f"{submission.token}\x00",
        lambda submission: f"{submission.id}.{submission.token.split('.')[1]}",
        lambda submission: signing.Signer(sep=".", salt="intake.mailbox").sign(submission.id.hex),
        lambda submission: signing.Signer(sep=".").sign(submission.id.hex),
        lambda submission: signing.Signer(sep=".", salt="intake.submission", key="x").sign(submission.id.hex),
        lambda submission: signing.Signer(sep=":", salt="intake.submission").sign(submission.id.hex),
        lambda submission: signer().sign(uuid.uuid4().hex),
        lambda submission: signer().sign("not an id"),
        lambda submission: signer().sign(""),
        lambda submission: "",
        lambda submission: ".",
        lambda submission: "\ud800.x",
        lambda submission: "x" * 100_000,
    ],
)
def test_forged_token_opens_nothing(house, forge):
    submission = make_submission()

    assert opened(forge(submission)) is None


def test_signature_of_one_submission_does_not_open_another(house):
    first, second = make_submission(), make_submission(email="grace@example.com")

    assert opened(f"{first.id.hex}.{second.token.split('.')[1]}") is None


def test_expired_foreign_and_mistyped_tokens_look_the_same(house, client):
    submission = make_submission()
    Submission.objects.update(last_activity_at=timezone.now() - LIFE)
    tokens = [submission.token, signer().sign(uuid.uuid4().hex), submission.token[:-1], "x", "%00", "%ED%A0%80"]

    answers = [client.get(f"/api/v1/submissions/{token}/") for token in tokens]

    assert [problem(answer, 404) for answer in answers] == [problem(answers[0], 404)] * len(tokens)
    assert [sorted(answer.headers) for answer in answers] == [sorted(answers[0].headers)] * len(tokens)
    assert [client.get(f"/r/{token}/").status_code for token in tokens] == [404] * len(tokens)


# --- how long -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("idle", "opens"), [(LIFE - timedelta(seconds=1), True), (LIFE, False)])
def test_token_lives_for_180_days(house, idle, opens):
    now = timezone.now()
    token = make_submission(now=now).token

    assert (services.by_token(token, now=now + idle) is not None) == opens


def test_activity_prolongs_it(house):
    now = timezone.now()
    submission = make_submission(now=now)

    services.note_activity(submission, now=now + LIFE - timedelta(days=1))

    assert services.by_token(submission.token, now=now + LIFE * 2 - timedelta(days=2)) == submission
    assert services.by_token(submission.token, now=now + LIFE * 2 - timedelta(days=1)) is None
    assert Lead.objects.get().last_activity_at == now + LIFE - timedelta(days=1)


def test_looking_is_no_activity(house, client):
    submission = make_submission()
    seen = Submission.objects.values_list("last_activity_at", flat=True)
    before = list(seen)

    with time_machine.travel(timezone.now() + timedelta(days=30)):
        response = client.get(submission.api_url)

    assert response.status_code == 200
    assert list(seen.all()) == before


# --- log lines ------------------------------------------------------------------------------------------

TOKEN = "0197f0c07a3b7c5e9d1e2f3a4b5c6d7e.AbC-def_123"


def logged(formatter: logging.Formatter, *args: object, **more: object) -> str:
    """What a handler of ours writes for one call."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    handler.addFilter(NoTokens())
    record = logging.getLogger("tests").makeRecord(
        "tests", logging.INFO, "x.py", 1, args[0], args[1:], more.get("exc_info")
    )
    handler.handle(record)
    return stream.getvalue()


@pytest.mark.parametrize(
    "path",
    [
        f"/r/{TOKEN}/", f"/r/{TOKEN}/confirm/", f"/u/{TOKEN}/", f"/me/{TOKEN}/", f"/api/v1/submissions/{TOKEN}/",
        f"/api/v1/submissions/{TOKEN}/booking/calendar.ics", f"https://truegap.example/r/{TOKEN}/?a=b",
        f"/r/{TOKEN}", f'"GET /r/{TOKEN}/ HTTP/1.1"', f"/r/{TOKEN}/ and /me/{TOKEN}/",
    ],
)  # fmt: skip
@pytest.mark.parametrize("formatter", [logging.Formatter("%(message)s"), JSONFormatter()])
def test_no_log_line_holds_a_token(formatter, path):
    lines = [logged(formatter, f"Not Found: {path}"), logged(formatter, "%s: %s", "Not Found", path)]

    for line in lines:
        assert "0197f0c0" not in line
        assert "AbC-def_123" not in line
        assert "Not Found: " in line


@pytest.mark.parametrize("formatter", [logging.Formatter("%(message)s"), JSONFormatter()])
def test_no_traceback_holds_a_token(formatter):
    try:
        raise ValueError(f"cannot open /r/{TOKEN}/\n2026-01-01 INFO forged: line \x1b[31m")
    except ValueError as error:
        line = logged(formatter, "It broke", exc_info=(ValueError, error, error.__traceback__))

    assert "AbC-def_123" not in line
    assert "\x1b" not in line
    assert "ValueError: cannot open /r/.../" in line
    assert "\n2026-01-01" not in line


@pytest.mark.parametrize(
    "sign", ["\n", "\r", "\r\n", "\x1b[31m", "\x00", "\x07", "\x7f", "\x85", "\x9b31m", "\u2028", "\u2029"]
)
@pytest.mark.parametrize("formatter", [logging.Formatter("%(message)s"), JSONFormatter()])
def test_what_a_stranger_typed_stays_on_one_line(formatter, sign):
    line = logged(formatter, "From %s", f"Ada{sign}2026-01-01 INFO forged: line")

    assert line.count("\n") == 1
    assert len(line.splitlines()) == 1
    assert sign[0] not in line.removesuffix("\n")
    assert "forged: line" in line


def test_json_line_is_one_object_with_its_traceback():
    try:
        raise ValueError("no")
    except ValueError as error:
        line = logged(JSONFormatter(), "Ada “%s”\tsaid", "Zoë", exc_info=(ValueError, error, error.__traceback__))

    read = json.loads(line)
    assert read.keys() == {"time", "level", "logger", "message", "traceback"}
    assert (read["level"], read["logger"], read["message"]) == ("INFO", "tests", "Ada “Zoë”\tsaid")
    assert read["traceback"].endswith("ValueError: no")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What Django's own loggers write from here on."""
    handler = next(handler for handler in logging.getLogger("django").handlers if handler.get_name() == "stderr")
    assert isinstance(handler, logging.StreamHandler)
    stream = io.StringIO()
    before = handler.setStream(stream)
    yield stream
    handler.setStream(before)


def test_whole_refusal_leaves_no_token_in_the_log(house, client, written):
    submission = make_submission()
    Submission.objects.update(last_activity_at=timezone.now() - LIFE)

    client.get(f"/r/{submission.token}/")
    client.get(f"/api/v1/submissions/{submission.token}/slots/")
    post(client, enquiry_fields(email="x"), user_agent=f"/r/{submission.token}/\r\nforged")

    lines = written.getvalue()
    assert lines.count("\n") == 3
    assert "Not Found: /r/.../" in lines
    assert submission.id.hex not in lines
    assert "forged" not in lines
