import pytest

from outbox.retry import next_wait

SCHEDULE = [5, 300, 1800]


@pytest.mark.parametrize(
    ("tries", "spread", "retry_after", "expected"),
    [
        pytest.param(1, 0, None, 5, id="after the first failure the first wait"),
        pytest.param(3, 0, None, 1800, id="after the third the third"),
        pytest.param(4, 0, None, None, id="then the schedule is used up"),
        pytest.param(2, 1, None, 360, id="a fifth later at most"),
        pytest.param(2, -1, None, 240, id="a fifth earlier at most"),
        pytest.param(2, 0, 400, 400, id="what the other side asks for is honoured"),
        pytest.param(2, -1, 400, 480, id="and never sooner than asked"),
        pytest.param(2, 1, 99_999_999, 600, id="nor later than twice the scheduled wait"),
        pytest.param(2, 0, 1, 300, id="but never sooner than scheduled"),
        pytest.param(2, 0, 99_999_999, 600, id="and never later than twice that"),
    ],
)
def test_next_wait(tries, spread, retry_after, expected):
    assert next_wait(tries, SCHEDULE, spread=spread, retry_after_seconds=retry_after) == expected
