"""What a route promises, and who may call it.

In come a linked codebase and, for what a change does, the same codebase at another revision. Out go rows of access
(`access`), the OpenAPI document (`openapi`), and what a change of either means to others (`changes`).
"""
