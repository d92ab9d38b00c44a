"""The door of the staff API: who calls (a bearer key), what the key may do, how often it may call.

Comes before the views of all rooms that staff's own programs use. Every refusal of a key is the same 401.
"""

from typing import Any, cast

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied, Throttled
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from intake import keys
from intake.guard import JSONParser, refuse_chunks
from intake.limits import Limit, PublicLimit
from intake.models import ApiKey

NO_KEY = (
    "Send a valid key as “Authorization: Bearer KEY”. Keys are made in the admin; revoked and expired ones are over."
)


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer KEY`. Whether there must be one is for the view to say; a bad one is refused anywhere.

    Other schemes are not ours: a website behind a password of its own sends it along with its forms.
    """

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        scheme, _, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        key = keys.find(text.strip(), now=timezone.now())
        if key is None:
            _count_refusal(request)
            raise AuthenticationFailed(NO_KEY, code="no_valid_key")
        return None, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _count_refusal(request: Request) -> None:
    """Whoever tries keys is a stranger, and has a stranger's limit."""
    limit = PublicLimit()
    if not limit.allow_request(request, view=None):
        raise Throttled(limit.wait())


class MissingScope(PermissionDenied):
    def __init__(self, scope: str) -> None:
        super().__init__(f"This key lacks the scope “{scope}”. Make one that has it.", code="missing_scope")
        self.extra = {"scope": scope}


def key_of(request: Request) -> ApiKey:
    """The key of a call that came in with one."""
    return cast(ApiKey, request.auth)


class HasScope(BasePermission):
    """The view says which scope each method needs: `scopes = {"GET": …}`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.auth is None:
            _count_refusal(request)
            raise NotAuthenticated(NO_KEY, code="no_valid_key")
        scopes: dict[str, str] = view.scopes  # type: ignore[attr-defined]  # of StaffView
        needed = scopes.get(request.method or "")
        if needed is not None and needed not in key_of(request).scopes:
            raise MissingScope(needed)
        return True


class HasScopeOrNoKey(HasScope):
    """For what everybody may call, and whoever has a key with other rights."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.auth is None or super().has_permission(request, view)


class KeyLimit(Limit):
    """Counts by key, wherever its calls come from."""

    name = "key"
    setting = "API_KEY_RATE"

    def counted(self, request: Any) -> str:
        return str(request.auth.pk)


class StaffView(APIView):
    """What every view of the staff API has in common."""

    authentication_classes = [KeyAuthentication]
    permission_classes = [HasScope]
    throttle_classes = [KeyLimit]
    parser_classes = [JSONParser]  # in a form, null and absence would be the same
    scopes: dict[str, str]  # of the subclass

    def may(self, scope: ApiKey.Scope) -> bool:
        """Whether the key of this call has one more scope."""
        return scope in key_of(self.request).scopes

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        refuse_chunks(request)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        return response


def scopes(*, read: ApiKey.Scope, write: ApiKey.Scope) -> dict[str, str]:
    """One scope for looking and one for changing; other methods are for the 405 to refuse."""
    return dict.fromkeys(("GET", "HEAD", "OPTIONS"), read.value) | dict.fromkeys(
        ("POST", "PUT", "PATCH", "DELETE"), write.value
    )
