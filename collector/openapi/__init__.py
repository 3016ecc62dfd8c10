"""What the edge says of its own doors: an OpenAPI document, served at /openapi.json.

Its schemas are drawn from the very types that decode requests and encode answers (`schemas`); what is sent to each
door and how it answers stands in `doors`, and FastAPI tells of its own routes.
"""

from typing import Any

from collector.openapi.doors import doors
from collector.openapi.schemas import schemas
from store.settings import Service, Settings

ABOUT = """\
The public edge of Marketing Pipelines. A 2xx means that what was sent is on disk, and it will be in ClickHouse once.

Every door answers other methods with 405 and `Allow`; a fault of ours is a 500 with the id under which the log has it.
A request whose head is over 32 KB, or that takes too long, is cut off; what is no HTTP is answered 400 in plain text."""


def document(settings: Settings, ordinary: dict[str, Any]) -> dict[str, Any]:
    """The whole document; `ordinary` is FastAPI's own one, and the limits are this installation's."""
    components = ordinary.get("components", {})
    return {
        **ordinary,
        "info": {**ordinary["info"], "description": ABOUT},
        "servers": [{"url": settings.address(Service.COLLECTOR)}],
        "paths": {**doors(settings), **ordinary["paths"]},
        "components": {
            **components,
            "schemas": {**schemas(settings.collect_max_batch), **components.get("schemas", {})},
        },
    }
