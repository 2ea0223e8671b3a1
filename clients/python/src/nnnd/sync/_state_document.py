"""The state of a copy as JSON, for engines without columns for it."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

from ._state import CopyState


def state_document(state: CopyState, **more: Any) -> str:
    """A JSON document with the state and further fields."""
    return json.dumps({**asdict(state), **more})


def state_of_document(document: dict[str, Any]) -> CopyState:
    """The state in a document; fields of newer versions are ignored."""
    return CopyState(**{field.name: document[field.name] for field in fields(CopyState) if field.name in document})
