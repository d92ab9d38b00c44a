"""What a website's script asks for before somebody sends its form: when it was shown, and a task to solve.

Beside the door (`intake.api`), under the same CORS rules; neither answer is stored.
"""

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from intake import challenges, form_tokens

FRESH = {"Cache-Control": "no-store"}


class FormTokenView(APIView):
    def get(self, request: Request) -> Response:
        token = form_tokens.issue(now=timezone.now())
        life = int(form_tokens.LIFE.total_seconds())
        return Response({"form_token": token, "expires_in": life}, headers=FRESH)


class ChallengeView(APIView):
    """In the shape that the official ALTCHA widget reads. `site` may stand in the query: every site gets the same."""

    def get(self, request: Request) -> Response:
        return Response(challenges.issue(now=timezone.now()), headers=FRESH)
