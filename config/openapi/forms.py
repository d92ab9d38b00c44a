"""What a website's script may ask for before a form is sent, described."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers

from config.openapi.describing import described


class FormToken(serializers.Serializer):
    form_token = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds.")


# As the widget reads it; what the words mean is the widget's business.
CHALLENGE = {
    "type": "object",
    "properties": {"parameters": {"type": "object"}, "signature": {"type": "string"}},
    "required": ["parameters", "signature"],
}
SITE = OpenApiParameter("site", str, "query", description="The site's public key; every site gets the same.")


described(
    "intake.form_api.FormTokenView",
    get=extend_schema(
        operation_id="readFormToken",
        tags=["for websites"],
        summary="A signed note of when a form was shown",
        description="Send it as `form_token`. Good for a day and for several sendings; without one nothing is lost.",
        responses={200: FormToken},
    ),
)
described(
    "intake.form_api.ChallengeView",
    get=extend_schema(
        operation_id="readChallenge",
        tags=["for websites"],
        summary="A task for the ALTCHA widget",
        description="For sites that ask for proof of work. Send what the widget makes of it as `altcha`: once, within"
        " an hour.",
        parameters=[SITE],
        responses={200: CHALLENGE},
    ),
)
