"""What the pages under a token share: whom it opens, and that nobody keeps, indexes or is told of the page."""

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from intake import services as intake
from intake.models import Submission


def submission_of(token: str) -> Submission:
    """Expired, foreign and mistyped tokens look the same."""
    submission = intake.by_token(token, now=timezone.now())
    if submission is None:
        raise Http404
    return submission


def back_to(submission: Submission) -> HttpResponse:
    """To the verdict by GET, so that a reload repeats nothing."""
    response = HttpResponseRedirect(submission.page_path)
    response.status_code = 303
    return private(response)


def private(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
