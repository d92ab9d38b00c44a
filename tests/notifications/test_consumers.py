"""The sample consumers of docs/consumers, each run: they take what we send, and 400 is all that anything else gets."""

import base64
import hmac
import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils import timezone

from notifications import endpoints, signing, webhooks
from notifications.models import Endpoint
from outbox.models import Delivery
from tests.factories import run_delivery
from tests.tools import need

SAMPLES = Path(__file__).resolve().parents[2] / "docs" / "consumers"
VECTOR = {
    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "timestamp": "1614265330",
    "body": b'{"test": 2432232314}',
    "signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
SECRET = signing.new_secret()
BODY = '{"type":"ping","timestamp":"2026-11-23T10:00:00Z","version":1,"data":{"name":"Zoë"}}'.encode()
PROGRAMS = {"python": [sys.executable, "consumer.py"], "node": ["node", "consumer.mjs"]}


class Sample:
    """A consumer that runs in a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self.process, self.port = process, port
        self.url = f"http://127.0.0.1:{port}/hook"

    def post(self, body: bytes, headers: dict[str, str]) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("POST", "/hook", body, headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    def says(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@contextmanager
def running(language: str, secret: str, **env: str) -> Iterator[Sample]:
    program, script = PROGRAMS[language]
    with subprocess.Popen(
        [need(program) if language == "node" else program, str(SAMPLES / script)],
        env={**os.environ, "WEBHOOK_SECRET": secret, "PORT": "0", **env},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield Sample(process, int(process.stdout.readline().split()[-1]))
        finally:
            process.kill()


def signed(body: bytes = BODY, *, seconds: float = 0, secrets: tuple[str, ...] = (SECRET,)) -> dict[str, str]:
    at = datetime.fromtimestamp(time.time() + seconds, UTC)
    return signing.headers(secrets, message_id="msg_1", at=at, body=body)


def signed_bytes(body: bytes) -> dict[str, str]:
    """A genuine signature of what is no text; our own signing takes text alone."""
    headers = signed()
    content = b".".join([b"msg_1", headers["webhook-timestamp"].encode(), body])
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    found = base64.b64encode(hmac.digest(key, content, "sha256")).decode()
    return headers | {"webhook-signature": f"v1,{found}"}


@pytest.mark.django_db
@pytest.mark.parametrize("language", PROGRAMS)
def test_sample_takes_what_we_send_once_and_while_the_secret_is_rotated(house, language):
    now = timezone.now()
    with running(language, SECRET) as sample:
        endpoint = endpoints.create(url=sample.url, secret=SECRET)
        first = endpoints.ping(endpoint, type_="lead.assessed", now=now)
        run_delivery(endpoints.TASK, webhooks.deliver)
        Delivery.objects.update(status="pending", settled_at=None)
        run_delivery(endpoints.TASK, webhooks.deliver)
        endpoints.rotate_secret(Endpoint.objects.get(), now=now)
        second = endpoints.ping(endpoint, now=now)
        rows = run_delivery(endpoints.TASK, webhooks.deliver)

        assert {(row.status, row.attempts.last().details["status"]) for row in rows} == {("succeeded", 204)}
        assert [sample.says(), sample.says()] == [f"lead.assessed {first.event_id}", f"ping {second.event_id}"]


@pytest.mark.parametrize("language", PROGRAMS)
def test_sample_answers_400_to_everything_else(language):
    genuine = signed()
    signature = genuine["webhook-signature"]
    bad = [
        (BODY, {}),
        (BODY.replace(b"ping", b"pong"), genuine),
        (BODY, genuine | {"webhook-signature": signature.replace("v1,", "")}),
        (BODY, genuine | {"webhook-signature": "v1," + "A" * 43 + "="}),
        (BODY, genuine | {"webhook-signature": "v2," + signature[3:]}),
        (BODY, genuine | {"webhook-id": "msg_2"}),
        (BODY, genuine | {"webhook-timestamp": genuine["webhook-timestamp"] + ".9"}),
        (BODY, genuine | {"webhook-timestamp": "nan"}),
        (BODY, genuine | {"webhook-timestamp": "-1"}),
        (BODY, signed(seconds=-310)),
        (BODY, signed(seconds=310)),
        (BODY, signed(secrets=(signing.new_secret(),))),
        (b"\xff\xfe", signed_bytes(b"\xff\xfe")),
        (b"not json", signed(b"not json")),
        (b"x" * 70_000, signed(b"x" * 70_000)),
    ]
    with running(language, SECRET) as sample:
        assert [sample.post(body, headers) for body, headers in bad] == [400] * len(bad)
        assert sample.post(BODY, genuine) == 204


@pytest.mark.parametrize("language", PROGRAMS)
def test_sample_takes_the_vector_of_the_standard_and_nothing_one_bit_beside_it(language):
    headers = {name: str(VECTOR[name.removeprefix("webhook-")]) for name in ("webhook-id", "webhook-timestamp")}
    with running(language, str(VECTOR["secret"]), TOLERANCE_SECONDS="9999999999") as sample:
        right = sample.post(VECTOR["body"], headers | {"webhook-signature": str(VECTOR["signature"])})
        wrong = sample.post(VECTOR["body"], headers | {"webhook-signature": str(VECTOR["signature"])[:-3] + "A="})

    assert (right, wrong) == (204, 400)


def shell(secret: str, *words: str, body: bytes = BODY, **env: str) -> tuple[int, str]:
    need("openssl")
    ended = subprocess.run(
        [str(SAMPLES / "verify.sh"), *words], input=body, capture_output=True,
        env={**os.environ, "WEBHOOK_SECRET": secret, **env},
    )  # fmt: skip
    return ended.returncode, ended.stderr.decode().strip()


def test_shell_takes_the_vector_of_the_standard_and_nothing_one_bit_beside_it():
    words = (str(VECTOR["id"]), str(VECTOR["timestamp"]))
    far = {"TOLERANCE_SECONDS": "9999999999"}

    right = shell(str(VECTOR["secret"]), *words, str(VECTOR["signature"]), body=VECTOR["body"], **far)
    wrong = shell(str(VECTOR["secret"]), *words, str(VECTOR["signature"])[:-3] + "A=", body=VECTOR["body"], **far)

    assert (right, wrong) == ((0, ""), (1, "refused: the signature does not fit"))


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ({}, ""),
        ({"secrets": (signing.new_secret(), SECRET)}, ""),
        ({"secrets": (signing.new_secret(),)}, "refused: the signature does not fit"),
        ({"seconds": -310}, "refused: too old, or from the future"),
        ({"seconds": 310}, "refused: too old, or from the future"),
    ],
)
def test_shell_verifies_what_we_sign(over, reason):
    headers = signed(**over)

    code, said = shell(SECRET, *(headers[f"webhook-{name}"] for name in ("id", "timestamp", "signature")))

    assert (code, said) == (1 if reason else 0, reason)


@pytest.mark.parametrize("timestamp", ["nan", "1614265330.9", "-1", "", "99999999999999999999"])
def test_shell_refuses_a_timestamp_that_is_no_number(timestamp):
    assert shell(SECRET, "msg_1", timestamp, "v1,x")[0] == 1
