"""Reads docs/openapi.yaml and checks responses against it."""

import functools
import json
import urllib.parse

import jsonschema
import referencing
import referencing.jsonschema
import yaml

from .daemon import PROJECT

_URI = "urn:nnnd:openapi"
# Larger bodies take long to check, and each kind of response also occurs with a small body.
_LARGEST_CHECKED = 100_000


class ApiDocument:
    def __init__(self):
        self.content = yaml.safe_load((PROJECT / "docs" / "openapi.yaml").read_text())
        resource = referencing.Resource(self.content, referencing.jsonschema.DRAFT202012)
        self._registry = referencing.Registry().with_resource(_URI, resource)

    @property
    def paths(self):
        return self.content["paths"]

    def operations(self):
        """All operations of the document as (path, method, operation)."""
        for path, item in self.paths.items():
            for method, operation in item.items():
                if method in ("get", "put", "post", "delete", "patch", "head", "options"):
                    yield path, method.upper(), operation

    def template(self, target):
        """The path of the document that matches a request target, or None."""
        parts = urllib.parse.urlsplit(target).path.split("/")
        for path in self.paths:
            pattern = path.split("/")
            if len(pattern) == len(parts) and all(
                (want.startswith("{") and part) or want == part for want, part in zip(pattern, parts, strict=True)
            ):
                return path
        return None

    def response(self, template, method, status):
        """The documented response for a status, or None."""
        operation = self.paths[template].get(method.lower())
        response = (operation or {}).get("responses", {}).get(str(status))
        while response and "$ref" in response:
            response = self.at(response["$ref"])
        return response

    def at(self, reference):
        """The object at a reference such as #/components/schemas/Hit."""
        value = self.content
        for part in reference.removeprefix("#/").split("/"):
            value = value[part.replace("~1", "/").replace("~0", "~")]
        return value

    def validate(self, value, schema):
        """Validates a value against the schema with this name, or against a schema object of the document."""
        _validator(self, schema if isinstance(schema, str) else None, schema).validate(value)

    def validator(self, schema):
        whole = {"$ref": f"{_URI}#/components/schemas/{schema}"} if isinstance(schema, str) else _absolute(schema)
        return jsonschema.Draft202012Validator(
            whole, registry=self._registry, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        )

    def check(self, response):
        """Checks status, media type and schema of a response."""
        template = self.template(response.target)
        operation = template and self.paths[template].get(response.method.lower())
        if not operation:
            # The daemon must reject operations that are not in the document, but for "OPTIONS *", which is of no path.
            if (response.method, response.target) == ("OPTIONS", "*"):
                return
            assert response.status == (405 if template else 404), response
            if response.method != "HEAD":
                assert response.media_type == "application/problem+json", response
                self.validate(response.json(), "Problem")
            return
        documented = self.response(template, response.method, response.status)
        assert documented, f"not documented: {response}"
        if "content" not in documented:
            assert response.body == b"" and all(name in response.headers for name in documented.get("headers", {}))
            return
        content = documented["content"].get(response.media_type)
        assert content, f"not documented with this media type: {response.media_type} {response}"
        if response.media_type == "application/x-ndjson":
            for line in response.body.splitlines():
                self.validate(json.loads(line), content["x-line-schema"])
        elif len(response.body) <= _LARGEST_CHECKED:
            is_json = response.media_type.endswith("json")
            # Latin-1 decodes any bytes, so binary bodies are validated as strings.
            self.validate(response.json() if is_json else response.body.decode("latin-1"), content["schema"])


@functools.lru_cache
def _named_validator(document, name):
    return document.validator(name)


def _validator(document, name, schema):
    return _named_validator(document, name) if name else document.validator(schema)


def _absolute(schema):
    """A copy of the schema in which references to the document are absolute."""
    if isinstance(schema, dict):
        return {
            key: _URI + value if key == "$ref" and value.startswith("#") else _absolute(value)
            for key, value in schema.items()
        }
    return [_absolute(item) for item in schema] if isinstance(schema, list) else schema
