"""The OpenAPI document and a page that shows it, which asks no other server for anything."""

import json
from importlib.resources import files
from typing import Any

from flask import Flask, Response
from jinja2 import Environment

_METHODS = ("get", "post", "patch")


def install(app: Flask, document: dict[str, Any]) -> None:
    """Serve the document and its page."""
    as_json = json.dumps(document)
    page = render(document)

    def openapi_json() -> Response:
        return Response(as_json, mimetype="application/json")

    def docs() -> Response:
        response = Response(page, mimetype="text/html")
        response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
        return response

    app.add_url_rule("/openapi.json", view_func=openapi_json, provide_automatic_options=False)
    app.add_url_rule("/docs", view_func=docs, provide_automatic_options=False)


def render(document: dict[str, Any]) -> str:
    """Return the page as HTML."""
    source = files("hotel_services.kit").joinpath("templates/docs.html.j2").read_text(encoding="utf-8")
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)
    return template.render(document=document, methods=_METHODS, problems=_problems(document), pretty=_pretty)


def _problems(document: dict[str, Any]) -> dict[str, str]:
    """Return the title of every problem by its code."""
    told = [
        sentence
        for path in document["paths"].values()
        for operation in path.values()
        for status, answer in operation["responses"].items()
        if status >= "400"
        for sentence in answer["description"].split("; ")
    ]
    return dict(sorted(sentence.split(": ", 1) for sentence in told))


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
