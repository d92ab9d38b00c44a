"""Content security policy by path: strict for everything, loose where the admin theme needs it (docs/adr/0007)."""

from typing import Any

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponseBase

ADMIN = {
    "default-src": [SELF],
    "script-src": [SELF, UNSAFE_EVAL, UNSAFE_INLINE],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "https:", "data:"],
    "base-uri": [SELF],
    "form-action": [SELF],
    "frame-ancestors": [SELF],
}


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, *args, **kwargs)
        if request.path_info.startswith("/admin/"):
            parts.replace = ADMIN
        return parts
