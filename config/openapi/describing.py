"""How a view is told of in the OpenAPI document without a word about it in the view itself."""

from typing import Any

from drf_spectacular.extensions import OpenApiViewExtension
from drf_spectacular.utils import extend_schema, extend_schema_view


def described(view: str, **operations: Any) -> type[OpenApiViewExtension]:
    """An extension that tells of one view: method to `extend_schema`."""

    class Extension(OpenApiViewExtension):
        target_class = view

        def view_replacement(self) -> Any:
            found: Any = self.target_class  # by now the class that the name stood for
            return extend_schema_view(**operations)(type(found.__name__, (found,), {}))

    return Extension


def keyed(tag: str, operation: str, scope: str, summary: str, description: str = "", **more: Any) -> Any:
    """`extend_schema` for a call that needs a key with this scope."""
    about = f"Scope `{scope}`. {description}".strip()
    return extend_schema(operation_id=operation, tags=[tag], summary=summary, description=about, **more)
