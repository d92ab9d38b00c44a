"""Fixtures of the booking tests: a Monday morning, and the questionnaire without the demo's advisors."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine

from assessments import services as assessments

MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)  # 11:00 in Berlin


@pytest.fixture
def monday(db: None) -> Iterator[datetime]:
    """The moment at which the clock stands, with a questionnaire published and nobody there."""
    with time_machine.travel(MONDAY, tick=False):
        assessments.publish_default(now=MONDAY)
        yield MONDAY
