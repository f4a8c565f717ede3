"""A FastAPI specialist as a program: what is here, what is here twice, what may be written, who wrote it."""

__version__ = "0.1.0"
