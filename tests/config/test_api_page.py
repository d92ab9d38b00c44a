"""docs/api.md: each of its calls, in their order, against a real server."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from intake.models import ApiKey, Lead, Submission
from notifications import endpoints
from notifications.models import Endpoint
from scheduling.models import Booking
from tests.factories import assign, load_house, make_advisor, make_booking, make_submission
from tests.scheduling.conftest import MONDAY
from tests.staff import make_key

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
@pytest.mark.django_db(transaction=True)
def test_every_call_of_the_page_works(live_server):
    load_house()
    User.objects.create_user("sally", is_staff=True)
    submission, advisor = make_submission(hold=False), make_advisor()
    assign(submission, advisor)
    booking = make_booking(submission, advisor, MONDAY.replace(year=2099))
    endpoint = endpoints.create(url="https://crm.example.com/")
    names = {
        "TRUEGAP": live_server.url,
        "KEY": make_key(*ApiKey.Scope.values),
        "LEAD": str(submission.lead_id),
        "BOOKING": str(booking.pk),
        "ENDPOINT": str(endpoint.pk),
    }

    for block in BLOCKS:
        done = subprocess.run(["bash", "-euc", block], env={**os.environ, **names}, capture_output=True, text=True)
        assert done.returncode == 0, (block, done.stdout, done.stderr)

    assert sum(block.count("curl ") for block in BLOCKS) == 16
    assert (Lead.objects.get(pk=submission.lead_id).stage, Booking.objects.get().status) == ("proposal", "cancelled")
    assert list(Endpoint.objects.values_list("url", flat=True)) == ["https://crm.example.com/hooks/truegap"]
    assert Submission.objects.filter(client_network="203.0.113.0/24").count() == 1
