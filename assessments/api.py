"""GET /api/v1/questionnaires/{slug}/: the published questionnaire, with an ETag."""

import hashlib
import json

from django.http import Http404
from django.utils.http import parse_etags
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
        # A proxy that compresses makes our tag a weak one.
        known = {tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", ""))}
        if known & {etag, "*"}:
            return Response(status=304, headers=headers)
        return Response(body, headers=headers)
