"""What the door refuses of forms: what is no UTF-8, too much, broken, or brings files."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from intake.models import Submission
from tests.intake.door import FORM, NOTHING, ONE_ENQUIRY, post, problem, send, stored

pytestmark = pytest.mark.django_db

SMALL = {"name": "Ada Lovelace", "email": "ada@example.com", "message": "Who decides about AI?"}


@pytest.mark.parametrize("kind", ["form", "multipart"])
def test_nul_in_a_form_is_refused_where_it_stands(house, client, kind):
    response = post(client, {**SMALL, "answers": {"core_systems_work": "y\x00es"}}, kind)

    answer = problem(response, 400)
    assert answer["errors"][0]["pointer"] == "/answers/core_systems_work"
    assert stored() == NOTHING


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("name=Zoë&email=ada@example.com&message=hi".encode("latin-1"), FORM),
        (b"name=Zo%EB&email=ada@example.com&message=hi", FORM),
        (b"name=%ED%A0%80&email=ada@example.com&message=hi", FORM),
        (encode_multipart(BOUNDARY, {**SMALL, "name": "Zoë"}).replace("ë".encode(), b"\xeb"), MULTIPART_CONTENT),
    ],
)
def test_form_in_another_encoding_is_refused_instead_of_stored_as_other_letters(house, client, body, content_type):
    response = send(client, body, content_type)

    assert problem(response, 400)["code"] == "not_utf8"
    assert stored() == NOTHING


@pytest.mark.parametrize(("levels", "status"), [(20, 201), (21, 400)])
def test_dots_in_the_name_of_a_form_field_count_as_levels(house, client, levels, status):
    response = post(client, {**SMALL, ".".join(["a"] * levels): "x"}, "form")

    assert response.status_code == status
    assert stored() == (ONE_ENQUIRY if status == 201 else NOTHING)


@pytest.mark.parametrize("kind", ["form", "multipart"])
@pytest.mark.parametrize(("names", "status"), [(200, 201), (201, 413), (600, 413)])
def test_two_hundred_form_fields_pass_and_one_more_does_not(house, client, kind, names, status):
    response = post(client, SMALL | {f"f{number}": "x" for number in range(names - len(SMALL))}, kind)

    assert response.status_code == status
    assert stored() == (ONE_ENQUIRY if status == 201 else NOTHING)


@pytest.mark.parametrize("body", [b"&".join(b"f%d=" % n for n in range(2000)), b"&".join([b"same="] * 2000)])
def test_two_thousand_form_fields_are_too_many_even_when_empty(house, client, body):
    response = send(client, body, FORM)

    assert problem(response, 413)["code"] == "too_large"
    assert stored() == NOTHING


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (encode_multipart(BOUNDARY, SMALL), "multipart/form-data"),
        (encode_multipart(BOUNDARY, SMALL), 'multipart/form-data; boundary=""'),
        (encode_multipart(BOUNDARY, SMALL), "multipart/form-data; boundary=\xff"),
        (encode_multipart(BOUNDARY, SMALL), f"multipart/form-data; boundary={BOUNDARY}x"),
    ],
)
def test_broken_multipart_is_refused(house, client, body, content_type):
    response = send(client, body, content_type)

    assert problem(response, 400)["code"] == "broken_multipart"
    assert stored() == NOTHING


@pytest.mark.parametrize("cut", [10, 100, 200, -4])
def test_multipart_that_breaks_off_stores_nothing(house, client, cut):
    response = send(client, encode_multipart(BOUNDARY, SMALL)[:cut], MULTIPART_CONTENT)

    problem(response, 400)
    assert stored() == NOTHING


@pytest.mark.parametrize("number", [1, 99, 200])
def test_files_are_refused_without_a_temporary_file(house, client, settings, tmp_path, number):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "missing")  # whoever wrote a file there would crash
    files = {f"file{n}": SimpleUploadedFile("a.bin", b"\xff\x00" * 20) for n in range(number)}

    response = send(client, encode_multipart(BOUNDARY, SMALL | files), MULTIPART_CONTENT)

    assert "Files are not accepted" in problem(response, 400)["detail"]
    assert stored() == NOTHING


def test_form_field_that_comes_twice_keeps_its_last_value_and_empty_ones_do_not_count(house, client):
    body = "name=Eve&name=Ada+Lovelace&name=&email=ada@example.com&message=hi&answers.core_systems_work="

    response = send(client, body.encode(), FORM)

    assert response.status_code == 201
    assert Submission.objects.get().lead.name == "Ada Lovelace"
    assert Submission.objects.get().assessment.answers == {}


@pytest.mark.parametrize("body", ["answers=x&answers.core_systems_work=yes", "answers=&answers.x=yes", "answers.=yes"])
def test_form_that_contradicts_itself_about_answers_is_refused(house, client, body):
    response = send(client, f"name=Ada&email=ada@example.com&message=hi&{body}".encode(), FORM)

    assert problem(response, 400)["errors"][0]["pointer"].startswith("/answers")
    assert stored() == NOTHING
