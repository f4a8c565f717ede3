"""What a new project is asked: its name, its database, and what of the service it leaves out."""

import re
from dataclasses import dataclass
from typing import Literal

from fastapi_expert.errors import ExpertError

Database = Literal["sqlite", "postgresql"]
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_ ][A-Za-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Answers:
    """What a template asks; the record keeps them, so that an update asks nothing again."""

    title: str
    slug: str
    description: str
    database: Database
    posts: bool = True
    uploads: bool = True

    @property
    def role(self) -> str:
        """The role and the database of PostgreSQL that bear the project's name."""
        return self.slug.replace("-", "_")

    @property
    def database_url(self) -> str:
        """Where a new project looks for its PostgreSQL, until somebody says otherwise in `.env`."""
        return f"postgresql://{self.role}:{self.role}@localhost/{self.role}"

    @classmethod
    def named(
        cls, name: str, *, description: str | None, database: Database, posts: bool = True, uploads: bool = True
    ) -> "Answers":
        """The answers that follow from `name` ("shop", "book-store"); raises `ExpertError` when it is no name."""
        if not _NAME.fullmatch(name) or len(name) > 50:
            raise ExpertError(
                f"{name!r} cannot name a project", do="Use letters, digits and single hyphens, e.g. book-store."
            )
        words = re.split(r"[-_ ]", name)
        title = " ".join(word[:1].upper() + word[1:] for word in words)
        return cls(
            title, "-".join(words).lower(), description or f"{title}: a FastAPI service.", database, posts, uploads
        )
