"""What an enquiry's schema needs beyond its fields: a rule across them, and the same fields as a form has them."""

from typing import Any

from config.openapi.fields import QUESTIONNAIRE, TEXT, VISIBLE

JSON = "application/json"
URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
ENQUIRY = "SubmissionFieldsRequest"
BLANK = {"type": "string", "maxLength": 0}
WORDS = {"message": {"pattern": VISIBLE}}
SOMETHING_TO_JUDGE = [
    {"required": ["answers"], "properties": {"answers": {"minProperties": 1}}},
    {"required": ["message"], "properties": WORDS},
]
FOR_SERVERS = "With a key: the address of whoever filled in the form, kept as a network. Passed over without one."
NO_NUL = {"propertyNames": {"pattern": TEXT}}
ATTRIBUTION = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "referrer", "landing_page")


def add(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Post-processing of drf-spectacular."""
    schemas = result["components"]["schemas"]
    enquiry = schemas[ENQUIRY]
    enquiry["description"] = "At least one answer, or a message that is not blank. Unknown fields are passed over."
    enquiry["properties"]["questionnaire"] = QUESTIONNAIRE
    enquiry["properties"]["client_ip"] = {"type": "string", "format": "ip-address", "description": FOR_SERVERS}
    # Of any type: what they cannot mean is passed over.
    enquiry["properties"]["site"] = {"description": "The public key of a website that is known here (`site_…`)."}
    enquiry["properties"]["next"] = {"description": "Where a plain form leads afterwards; only to known origins."}
    enquiry["anyOf"] = SOMETHING_TO_JUDGE
    for operations in result["paths"].values():
        for operation in operations.values():
            if JSON in operation.get("requestBody", {}).get("content", {}):
                _take_forms(operation["requestBody"], schemas)
    tidy: dict[str, Any] = tidied(result)
    return tidy


def _take_forms(body: dict[str, Any], schemas: dict[str, Any]) -> None:
    content = body["content"]
    schema = _resolved(content[JSON]["schema"], schemas)
    body["required"] = "required" in schema
    schema |= NO_NUL
    if URLENCODED in content:
        content[URLENCODED] = {"schema": _as_form(schema, schemas) | NO_NUL}
    if MULTIPART in content:  # in which a name has no way to hold a NUL
        content[MULTIPART] = {"schema": _as_form(schema, schemas)}


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schemas[schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema
    return found


def _as_form(whole: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Nested names with dots; everything is a word, and an empty one equals absence."""
    properties = dict(whole["properties"])
    nested = {name: properties.pop(name) for name in ("answers", "consent", "attribution") if name in properties}
    for parent, schema in nested.items():
        children = _resolved(schema, schemas).get("properties") or {key: {"type": "string"} for key in ATTRIBUTION}
        properties |= {f"{parent}.{name}": child for name, child in children.items()}
    form: dict[str, Any] = {
        "type": "object",
        "properties": {name: _in_words(each) for name, each in properties.items()},
    }
    if "required" in whole:
        form["required"] = whole["required"]
    if "anyOf" in whole:
        answers = [{"required": [name]} for name in properties if name.startswith("answers.")]
        form["anyOf"] = [{"required": ["message"], "properties": WORDS}, *answers]
    return form


def _in_words(schema: dict[str, Any]) -> dict[str, Any]:
    """Without null, which a form has no way to say."""
    schema = dict(schema)
    if "enum" in schema:
        schema["enum"] = [value for value in schema["enum"] if value is not None]
    if isinstance(schema.get("type"), list) and len(schema["type"]) == 2:
        schema["type"] = next(kind for kind in schema["type"] if kind != "null")
    return schema


def tidied(node: Any) -> Any:
    """Without drf-spectacular's own marks; a blank text beside a text is one text."""
    if isinstance(node, list):
        return [tidied(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: tidied(value) for key, value in node.items() if key != "x-spec-enum-id"}
    if BLANK in node.get("oneOf", ()):
        text = next(each for each in node.pop("oneOf") if each != BLANK)
        # A format may have no empty form; a pattern of ours has one.
        node |= {"anyOf": [text, BLANK]} if "format" in text else text
    return node
