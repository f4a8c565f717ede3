"""Functions and classes of other people that registrations go through: of Python, SQLAlchemy, fastapi-versioning."""
