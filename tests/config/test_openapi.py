"""The OpenAPI document: in step with the code, with the events and with what the API answers."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from notifications.models import public_types
from tests import factories

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


def test_the_copy_in_docs_is_in_step(document: dict[str, Any]) -> None:
    written = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text())

    assert written == document, "The API has changed: run `make schema`."


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    validate_schema(document)

    assert document["openapi"].startswith("3.1")


def test_every_address_of_the_api_is_in_it(document: dict[str, Any]) -> None:
    addresses = {re.sub(r"<(\w+:)?(\w+)>", r"{\2}", f"/{each.pattern}") for each in get_resolver().url_patterns}

    assert {address for address in addresses if address.startswith("/api/v1/")} == set(document["paths"])


def test_every_event_of_consumers_is_in_it(document: dict[str, Any]) -> None:
    assert set(document["webhooks"]) == set(public_types())


def test_every_event_has_an_example_that_fits(document: dict[str, Any]) -> None:
    for type_, webhook in document["webhooks"].items():
        content = webhook["post"]["requestBody"]["content"]["application/json"]
        promised = content["schema"] | {"components": document["components"]}

        assert [error.message for error in Draft202012Validator(promised).iter_errors(content["example"])] == [], type_


def test_every_operation_tells_of_refusals_as_problems(document: dict[str, Any]) -> None:
    for operations in document["paths"].values():
        for operation in operations.values():
            assert {"400", "404", "429", "500", "503"} <= set(operation["responses"]), operation["operationId"]
            for status, response in operation["responses"].items():
                if status >= "400":
                    assert set(response["content"]) == {"application/problem+json"}, (operation["operationId"], status)


def test_a_real_answer_is_what_it_promises(client: Client, document: dict[str, Any]) -> None:
    factories.load_house()
    fields = {"name": "Ada", "email": "ada@example.com", "answers": {"core_systems_work": "yes"}}

    answer = client.post("/api/v1/submissions/", fields, content_type="application/json")

    promised = {"$ref": "#/components/schemas/Submission", "components": document["components"]}
    assert list(Draft202012Validator(promised).iter_errors(answer.json())) == []
    wrong = answer.json() | {"booking_state": "perhaps"}
    assert [error.json_path for error in Draft202012Validator(promised).iter_errors(wrong)] == ["$.booking_state"]


def test_the_schema_and_its_page_are_served(client: Client) -> None:
    schema = client.get("/api/schema/")
    page = client.get("/api/docs/")

    assert schema.json()["info"]["title"] == "Truegap"
    assert page.status_code == 200
    assert "swagger-ui" in page.content.decode()
    assert "<style" not in page.content.decode()
