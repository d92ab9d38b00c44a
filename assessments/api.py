"""GET /api/v1/questionnaires/{slug}/: the published questionnaire, with an ETag."""

import hashlib
import json

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assessments import services


class QuestionnaireView(APIView):
    def get(self, request: Request, slug: str) -> Response:
        version = services.published(slug)
        if version is None:
            raise Http404
        body = services.as_public(version)
        etag = f'"{hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:32]}"'
        headers = {"ETag": etag, "Cache-Control": "public, max-age=60"}
        if etag in [tag.strip() for tag in request.headers.get("If-None-Match", "").split(",")]:
            return Response(status=304, headers=headers)
        return Response(body, headers=headers)
