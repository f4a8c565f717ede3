"""Functions and classes of other people that registrations go through: the standard library and SQLAlchemy."""
