"""The OpenAPI document of an application, read from its text."""
