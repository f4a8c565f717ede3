"""What a path says of whether its code is there to be used."""

import re
from functools import lru_cache

_DRIVER = re.compile(
    r"(?:^|/)(?:scripts?|examples?|docs_src|bench(?:marks)?|drivers?|demos?|tools|cli|tui|commands|management)(?:/|\.py\Z)"
)
_EXAMPLE = re.compile(
    r"(?:^|/)(?:examples?|docs_src|tests?[-_]data|\w*testsuites?)/|^(?:docs?|samples?|tutorials?|demos?|notebooks?|cookbooks?)/"
)
_MIGRATION = re.compile(r"(?:^|/)(?:alembic|migrations?|versions)(?:/|\.py\Z)")


@lru_cache(maxsize=1 << 13)
def is_driver(path: str) -> bool:
    """Programs that only drive what is elsewhere: scripts, examples, command lines."""
    return _DRIVER.search(path) is not None


@lru_cache(maxsize=1 << 13)
def is_example(path: str) -> bool:
    """Programs that show how something is used: each stands by itself."""
    return _EXAMPLE.search(path) is not None


@lru_cache(maxsize=1 << 13)
def is_migration(path: str) -> bool:
    """Steps of a database's history."""
    return _MIGRATION.search(path) is not None
