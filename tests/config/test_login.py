"""The door of the desk."""

import pytest
from django.contrib.auth import get_user_model

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/admin/login/", "/admin/login/?next=/admin/intake/lead/"])
def test_who_logs_in_arrives_at_the_desk(client, address):
    get_user_model().objects.create_superuser("ines", "ines@example.com", "a-long-password")

    answer = client.post(address, {"username": "ines", "password": "a-long-password"}, follow=True)

    assert answer.status_code == 200
    assert answer.redirect_chain[-1][0] == (address.partition("next=")[2] or "/admin/")
