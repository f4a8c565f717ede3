"""The three ways the service is run, each on real servers: what a test gets when it asks for `backend`."""

from dataclasses import dataclass

import pytest

BACKENDS = ("sqlite", "postgres", "postgres+redis")


@dataclass(frozen=True, kw_only=True)
class Backend:
    """Addresses of an empty, migrated database and, with Redis, of an empty Redis."""

    name: str
    database_url: str
    redis_url: str | None = None

    @property
    def is_sqlite(self) -> bool:
        return self.name == "sqlite"


on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
on_postgres = pytest.mark.parametrize("backend", ["postgres"], indirect=True)
on_redis = pytest.mark.parametrize("backend", ["postgres+redis"], indirect=True)
on_both_databases = pytest.mark.parametrize("backend", ["sqlite", "postgres"], indirect=True)
