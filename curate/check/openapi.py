"""What programs read of the API: the OpenAPI document, with classes of the recipe in its examples."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field

from curate.check.bodies import FIELDS, LISTING_PHOTOS, PHOTO

if TYPE_CHECKING:
    from fastapi import FastAPI

CHECK, METRICS = "/v1/check", "/metrics"
STATUSES = {
    400: "The form cannot be read or has no photo, or a field is unknown, empty or given twice.",
    401: "No API key, or an unknown one.",
    408: "The body did not arrive within the deadline.",
    413: "More bytes or pixels than are taken.",
    415: "A body of another media type, or a photo of a type that is not decoded here.",
    421: "Another Host than this machine, while no API key is set.",
    422: "A class that the recipe does not name.",
    429: "As many photos are waiting as may, or the deadline passed. Retry-After says when to try again.",
}
_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer KEY"},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
_BINARY = {"type": "string", "format": "binary"}


class DuplicateOf(BaseModel):
    """A photo of the dataset that shows the same image."""

    key: str = Field(description="Its key in the manifests.")
    listing_id: str = Field(description="Its listing.")
    exact: bool = Field(description="Byte for byte.")


class Answer(BaseModel):
    """A verdict."""

    verdict: Literal["ok", "flag", "unsure"] = Field(description="unsure is for a person.")
    reasons: list[str] = Field(description="Why: of a flag, what flags it; of unsure, what is in doubt.")
    usable: float | None = Field(
        description="0 to 1, probability that clean would keep it; null where it is not known."
    )
    classes: dict[str, float] = Field(description="0 to 1, probability of each class.")
    duplicate: DuplicateOf | None = Field(description="A photo of the dataset that shows the same image.")
    nearest: list[tuple[str, float]] = Field(
        description="Keys of the most alike photos of the dataset, with the cosine similarity."
    )
    known: str = Field(description="Its key, where it is a photo of the dataset.")
    detail: str = Field(description="More of the last reason: the size of the photo where that is wrong.")


class Refusal(BaseModel):
    """Why there is no verdict."""

    error: str = Field(description="A word for programs.")
    detail: str = Field(description="A sentence for people.")


def document(app: "FastAPI", classes: Sequence[str], has_keys: bool) -> dict[str, Any]:
    """The OpenAPI document of `app`, whose recipe names `classes`."""
    from fastapi.openapi.utils import get_openapi

    found: dict[str, Any] = get_openapi(
        title=app.title, version=app.version, summary=app.summary, routes=app.routes
    )
    named: dict[str, Any] = {
        "type": "string",
        "description": f"What the seller says it shows: {', '.join(classes)}.",
        "examples": list(classes[:1]),
    }
    listing: dict[str, Any] = {"type": "string", "description": "Its listing: its own photos are no duplicates."}
    texts = dict(zip(FIELDS, (named, listing), strict=True))
    found["paths"][CHECK]["post"] |= {
        "requestBody": _body(texts),
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": f"Beside the bytes of a photo alone. {text['description']}",
                "schema": {"type": "string"},
            }
            for name, text in texts.items()
        ],
    }
    schemas = found["components"]["schemas"]
    schemas["Answer"]["examples"] = [_example(classes)]
    schemas["Refusal"]["examples"] = [{"error": "busy", "detail": "as many photos are waiting as may"}]
    found["components"]["securitySchemes"] = _SCHEMES
    wanted: list[dict[str, list[str]]] = [{name: []} for name in _SCHEMES]
    for path, method in ((CHECK, "post"), (METRICS, "get")):  # {}: no key is needed where none is set
        found["paths"][path][method]["security"] = wanted if has_keys else [{}, *wanted]
    return found


def _body(texts: dict[str, Any]) -> dict[str, Any]:
    photos = {"type": "array", "items": _BINARY, "description": "Its other photos: they help to tell the class."}
    form = {
        "type": "object",
        "required": [PHOTO],
        "additionalProperties": False,
        "properties": {PHOTO: _BINARY | {"description": "The photo."}, **texts, LISTING_PHOTOS: photos},
    }
    return {
        "required": True,
        "content": {"multipart/form-data": {"schema": form}, "image/jpeg": {"schema": _BINARY}},
        "description": "A form, or the bytes of the photo alone.",
    }


def _example(classes: Sequence[str]) -> dict[str, Any]:
    shares = dict(zip(classes, (0.9702, 0.0298), strict=False)) if len(classes) > 1 else {}
    return {
        "verdict": "flag",
        "reasons": ["duplicate"],
        "usable": 0.9931,
        "classes": shares,
        "duplicate": {"key": "9f3c1a60b7d24e58", "listing_id": "1700035816", "exact": False},
        "nearest": [["9f3c1a60b7d24e58", 0.9984], ["03d1be8891aa5c02", 0.8711]],
        "known": "",
        "detail": "",
    }
