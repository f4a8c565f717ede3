"""Which releases of FastAPI, Starlette, Pydantic and SQLAlchemy a project is written for."""

from functools import cached_property
from pathlib import Path

from fastapi_expert.codebase.files.pins import Pins, Range, bounded_text

PACKAGES = ("fastapi", "starlette", "pydantic", "sqlalchemy")
_OF_TESTS = ("pytest.ini", "setup.cfg", "tox.ini")


class Versions:
    """Package to the releases that a project allows."""

    def __init__(self, root: Path) -> None:
        self._pins = Pins(root)

    @cached_property
    def fastapi(self) -> Range:
        return self._pins.of("fastapi")

    @cached_property
    def starlette(self) -> Range:
        return self._pins.of("starlette")

    @cached_property
    def pydantic(self) -> Range:
        return self._pins.of("pydantic")

    @cached_property
    def sqlalchemy(self) -> Range:
        return self._pins.of("sqlalchemy")

    @property
    def assumed(self) -> tuple[str, ...]:
        """The packages of which nothing is said, so that the newest release is taken."""
        return tuple([name for name in PACKAGES if not getattr(self, name).source])

    @property
    def texts(self) -> tuple[str, ...]:
        """What the project says of its dependencies and of how its tests run; changes with any of it."""
        said = [str(getattr(self, name)) for name in PACKAGES]
        return (*said, *self._pins.texts, *[bounded_text(self._pins.root / name) for name in _OF_TESTS])
