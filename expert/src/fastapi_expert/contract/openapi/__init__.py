"""The OpenAPI document of an application, read from its text."""

from fastapi_expert.contract.openapi.document import Document, document, documents

__all__ = ["Document", "document", "documents"]
