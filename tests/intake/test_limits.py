"""How often one client may knock, who one client is, and what happens when the counter itself is dead."""

import socket
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
import redis
import time_machine
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from config.local.servers import free_ports
from intake.limits import Counter, client_address
from intake.rates import Rate
from tests.factories import enquiry_fields, make_submission
from tests.intake.door import ONE_ENQUIRY, URL, post, problem, stored

pytestmark = pytest.mark.django_db

TWO_A_MINUTE = Rate(count=2, seconds=60)
# In the middle of a minute, so that no window ends under a test.
NOON = 1_800_000_030


@pytest.fixture
def two_a_minute(house, settings) -> Iterator[None]:
    settings.SUBMISSION_RATE = TWO_A_MINUTE
    with time_machine.travel(NOON, tick=False):
        yield


def knock(client, times: int, **environ: str) -> list[int]:
    return [
        client.post(URL, enquiry_fields(company=f"{n}"), content_type="application/json", **environ).status_code
        for n in range(times)
    ]


def test_one_post_too_many_is_refused_until_the_window_ends(two_a_minute, client):
    statuses = knock(client, 2)

    refused = post(client, enquiry_fields(email="grace@example.com"))

    assert statuses == [201, 201]
    assert problem(refused, 429)["code"] == "throttled"
    assert refused.headers["Retry-After"] == "30"
    assert stored() == {"Lead": 1, "Submission": 2, "Assessment": 2, "Event": 3, "Delivery": 11}


def test_who_waits_as_told_is_let_in(two_a_minute, client):
    knock(client, 2)
    wait = int(post(client, enquiry_fields()).headers["Retry-After"])

    with time_machine.travel(NOON + wait, tick=False):
        statuses = knock(client, 3)

    assert statuses == [201, 201, 429]


def test_last_part_of_a_second_is_rounded_up(house, client, settings):
    settings.SUBMISSION_RATE = Rate(count=1, seconds=60)

    with time_machine.travel(NOON + 29.5, tick=False):
        knock(client, 1)
        refused = post(client, enquiry_fields())

    assert refused.headers["Retry-After"] == "1"


def test_every_answer_says_how_much_is_left_and_a_refusal_that_nothing_is(two_a_minute, client):
    told = [post(client, enquiry_fields(email=f"p{number}@example.com")).headers for number in range(3)]

    assert [headers["RateLimit"] for headers in told] == [f'"submission";r={left};t=30' for left in (1, 0, 0)]
    assert {headers["RateLimit-Policy"] for headers in told} == {'"submission";q=2;w=60'}
    assert [headers.get("Retry-After") for headers in told] == [None, None, "30"]


def test_page_that_is_asked_for_too_often_says_the_same(house, client, settings):
    settings.PUBLIC_RATE = Rate(count=1, seconds=60)
    page = make_submission().page_path
    client.get(page)

    refused = client.get(page)

    assert refused.status_code == 429
    assert refused.headers["RateLimit-Policy"] == '"public";q=1;w=60'
    assert refused.headers["RateLimit"] == f'"public";r=0;t={refused.headers["Retry-After"]}'


def test_client_that_obeys_never_hears_a_second_refusal_in_an_hour(two_a_minute, client):
    moment, statuses = float(NOON), []
    while moment < NOON + 3600:
        with time_machine.travel(moment, tick=False):
            answer = post(client, {})
        statuses.append(answer.status_code)
        moment += float(answer.headers.get("Retry-After", 0))

    assert set(pairwise(statuses)) == {(400, 400), (400, 429), (429, 400)}


def test_limit_that_is_off_says_nothing(house, client, settings):
    settings.SUBMISSION_RATE = None

    assert "RateLimit" not in post(client, enquiry_fields()).headers


def test_refused_bodies_count_as_well(two_a_minute, client):
    for _ in range(2):
        problem(post(client, {}), 400)

    assert post(client, enquiry_fields()).status_code == 429


def test_off_switches_the_limit_off(house, client, settings):
    settings.SUBMISSION_RATE = Rate.parse("SUBMISSION_RATE", "off")

    assert knock(client, 35) == [201] * 35


def test_thirty_a_minute_is_the_default(house, client):
    with time_machine.travel(NOON, tick=False):
        statuses = knock(client, 31)

    assert statuses == [201] * 30 + [429]


def test_calls_under_a_token_have_a_limit_of_their_own(two_a_minute, client, settings):
    settings.PUBLIC_RATE = Rate(count=1, seconds=60)
    submission = make_submission()
    knock(client, 2)

    first, second = client.get(submission.api_url), client.get(submission.api_url)

    assert first.status_code == 200
    assert problem(second, 429)["code"] == "throttled"


def test_made_up_forwarding_does_not_make_a_new_client(two_a_minute, client):
    statuses = [knock(client, 1, HTTP_X_FORWARDED_FOR=f"1.2.3.{number}")[0] for number in range(4)]

    assert statuses == [201, 201, 429, 429]


def test_what_the_one_proxy_says_makes_a_client(two_a_minute, client, settings):
    settings.NUM_PROXIES = 1

    honest = [knock(client, 1, HTTP_X_FORWARDED_FOR=f"1.2.3.{number}")[0] for number in range(4)]
    liar = [knock(client, 1, HTTP_X_FORWARDED_FOR=f"9.9.9.{number}, 5.6.7.8")[0] for number in range(4)]

    assert honest == [201] * 4
    assert liar == [201, 201, 429, 429]


@pytest.mark.parametrize(
    ("proxies", "socket_address", "forwarded", "client"),
    [
        (0, "1.2.3.4", "5.6.7.8", "1.2.3.4"),
        (1, "1.2.3.4", "5.6.7.8", "5.6.7.8"),
        (1, "1.2.3.4", "9.9.9.9, 5.6.7.8", "5.6.7.8"),
        (2, "1.2.3.4", "9.9.9.9, 5.6.7.8, 7.7.7.7", "5.6.7.8"),
        (2, "1.2.3.4", "5.6.7.8", "1.2.3.4"),
        (1, "1.2.3.4", "", "1.2.3.4"),
        (1, "1.2.3.4", None, "1.2.3.4"),
        (1, "1.2.3.4", " 5.6.7.8 ", "5.6.7.8"),
        (0, "2001:db8:1:2:3:4:5:6", None, "2001:db8:1:2::/64"),
        (0, "2001:db8:1:2::1", None, "2001:db8:1:2::/64"),
        (1, "::1", "2001:db8:1:3:ffff::", "2001:db8:1:3::/64"),
        (0, "::ffff:1.2.3.4", None, "1.2.3.4"),
        (0, "", None, ""),
        (1, "1.2.3.4", "x" * 1000, "x" * 64),
    ],
)
def test_client_is_whom_the_trusted_side_names(settings, proxies, socket_address, forwarded, client):
    settings.NUM_PROXIES = proxies
    environ = {"REMOTE_ADDR": socket_address} | ({} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded})

    request = Request(APIRequestFactory().get("/", **environ))

    assert client_address(request) == client


def test_neighbours_in_one_network_of_64_bits_share_a_limit(two_a_minute, client):
    near = [knock(client, 1, REMOTE_ADDR=f"2001:db8::{number}")[0] for number in range(1, 4)]
    far = knock(client, 1, REMOTE_ADDR="2001:db8:0:1::1")

    assert near == [201, 201, 429]
    assert far == [201]


def test_no_address_stands_in_the_cache(two_a_minute, client, settings):
    knock(client, 1, REMOTE_ADDR="198.51.100.7")

    names = sorted(redis.Redis.from_url(settings.CACHE_URL).keys("*"))
    assert [name.rsplit(b":", 2)[0] for name in names] == [
        b"rate:submission", b"rate:volume:address", b"rate:volume:client"
    ]  # fmt: skip
    assert not [name for name in names if b"198.51" in name or b"ada" in name]


# --- the cache is dead ----------------------------------------------------------------------------------


@pytest.fixture
def closed_port() -> str:
    return f"redis://127.0.0.1:{free_ports(1)[0]}/0"


@pytest.fixture
def frozen_server() -> Iterator[str]:
    """Takes connections (the system does) and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


@pytest.mark.parametrize("kind", ["closed_port", "frozen_server"])
def test_dead_cache_costs_neither_the_enquiry_nor_the_limit(two_a_minute, client, settings, request, kind):
    settings.CACHE_URL = request.getfixturevalue(kind)
    started = time.perf_counter()

    first = post(client, enquiry_fields())
    rows = stored()
    rest = knock(client, 2)

    assert first.status_code == 201
    assert rows == ONE_ENQUIRY
    assert rest == [201, 429]
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("kind", ["closed_port", "frozen_server"])
def test_dead_cache_is_asked_once_and_then_left_alone(request, kind, caplog):
    counter = Counter(request.getfixturevalue(kind))

    counts = [counter.hit("submission:ada", TWO_A_MINUTE, NOON) for _ in range(50)]

    assert counts == list(range(1, 51))
    assert [record.message.split("(")[0] for record in caplog.records] == ["The cache does not answer "]


def test_limits_of_different_length_are_counted_apart_in_this_process(closed_port):
    counter = Counter(closed_port)
    hourly = Rate(count=5, seconds=3600)

    counts = [
        (counter.hit("submission:ada", hourly, NOON), counter.hit("public:ada", TWO_A_MINUTE, NOON)) for _ in range(3)
    ]

    assert counts == [(1, 1), (2, 2), (3, 3)]


def test_next_window_starts_at_one_in_this_process(closed_port):
    counter = Counter(closed_port)

    counts = [counter.hit("submission:ada", TWO_A_MINUTE, NOON + second) for second in (0, 29, 30, 31)]

    assert counts == [1, 2, 1, 2]


def test_counters_in_the_cache_go_by_themselves(settings):
    Counter(settings.CACHE_URL).hit("submission:ada", TWO_A_MINUTE, NOON)

    client = redis.Redis.from_url(settings.CACHE_URL)
    assert [client.ttl(name) for name in client.keys("*")] == [61]
