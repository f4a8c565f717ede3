"""Objects that a library makes of data: models, and settings of the environment and a `.env`."""
