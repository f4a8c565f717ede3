"""What is a table, what is a setting, what is neither, and what routes tell beside their path."""

from pathlib import Path

import pytest

from fastapi_expert.codebase import Codebase
from fastapi_expert.find.cache import finder_of

from .projects import read


def of_kind(codebase: Codebase, kind: str) -> list[str]:
    return sorted(one.qualname for one in codebase.components if one.kind == kind)


SQLALCHEMY = """
    from typing import Protocol, TypedDict
    from dataclasses import dataclass
    from sqlalchemy import Column, Integer, MetaData
    from sqlalchemy.ext.asyncio import AsyncAttrs
    from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, as_declarative, declarative_base
    from sqlalchemy.orm import mapped_column, registry

    class Base(AsyncAttrs, DeclarativeBase):
        id: Mapped[int] = mapped_column(primary_key=True)
        metadata = MetaData()

    class Dated:
        made_at: Mapped[str] = mapped_column()

    class Identified(MappedAsDataclass):
        key: Mapped[str] = mapped_column(primary_key=True)

    class Owned(Base):
        __abstract__ = True
        owner: Mapped[int] = mapped_column()

    class Boat(Dated, Owned):
        __tablename__ = "boats"

    class Crew(Base):
        name: Mapped[str]

    class HasTable(Protocol):
        __tablename__: str

    @dataclass
    class Described:
        __tablename__ = "boats"
        name: str

    class Row(TypedDict):
        __tablename__: str

    Old = declarative_base()

    class Harbour(Old):
        __tablename__ = "harbours"
        id = Column(Integer, primary_key=True)

    @as_declarative()
    class Automatic:
        id = Column(Integer, primary_key=True)

    class Sail(Automatic):
        area = Column(Integer)

    mapper = registry()

    @mapper.mapped
    class Anchor:
        id: Mapped[int] = mapped_column(primary_key=True)
"""
SQLMODEL = """
    from pydantic import BaseModel
    from sqlmodel import Field, SQLModel

    class HeroBase(SQLModel):
        name: str

    class Hero(HeroBase, table=True):
        id: int | None = Field(default=None, primary_key=True)

    class HeroPublic(HeroBase):
        id: int

    class Money(BaseModel, frozen=True):
        amount: int

    class Strict(SQLModel, table=False, extra=True):
        __tablename__ = "nothing"
        name: str
"""
OTHERS = """
    from beanie import Document
    from fastapi_users.db import SQLAlchemyBaseUserTableUUID
    from house.db import Base
    from tortoise import fields
    from tortoise.models import Model

    class Root(Model):
        id = fields.IntField(pk=True)

        class Meta:
            abstract = True

    class Dog(Root):
        name = fields.CharField(max_length=10)

    class Note(Document):
        text: str

    class User(SQLAlchemyBaseUserTableUUID, Base):
        pass

    class Foreign(Base):
        __tablename__ = "foreign"

    Ours = make_base()

    class Made(Ours):
        __tablename__ = "made"
"""


@pytest.mark.parametrize(
    ("source", "tables", "schemas"),
    [
        (SQLALCHEMY, ["Anchor", "Boat", "Crew", "Harbour", "Sail"], []),
        (SQLMODEL, ["Hero"], ["HeroBase", "HeroPublic", "Money", "Strict"]),
        (OTHERS, ["Dog", "Foreign", "Made", "Note", "User"], []),
    ],
    ids=["sqlalchemy", "sqlmodel", "others"],
)
def test_bases_mixins_protocols_and_schemas_are_no_tables(
    tmp_path: Path, source: str, tables: list[str], schemas: list[str]
) -> None:
    codebase = read(tmp_path, {"app/models.py": source})
    assert of_kind(codebase, "table") == tables
    assert of_kind(codebase, "schema") == schemas


IMPERATIVE = """
    import sqlalchemy as sa
    from openpyxl.worksheet.table import Table as Sheet
    from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table
    from sqlalchemy.ext.declarative import AbstractConcreteBase, declarative_base

    metadata = MetaData()
    Base = declarative_base()
    sheet = Sheet("no", metadata)
    users = Table(
        "users",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("email", String(100), nullable=False),
    )
    users_roles = sa.Table("users_roles", Base.metadata, sa.Column("user_id", ForeignKey("users.id")))

    class Concrete(AbstractConcreteBase, Base):
        made_at = Column(String)

    def count(session):
        return session.execute(users.select())
"""


def test_a_table_without_a_class_is_a_table(tmp_path: Path) -> None:
    codebase = read(tmp_path, {"app/tables.py": IMPERATIVE, "tests/test_x.py": IMPERATIVE})
    found = [one for one in codebase.components if one.kind == "table"]
    assert [(one.id, [(field.name, field.type, field.required) for field in one.fields or ()]) for one in found] == [
        ("table:app/tables.py::users", [("id", "Integer", False), ("email", "String", True)]),
        ("table:app/tables.py::users_roles", [("user_id", "ForeignKey", False)]),
    ]


MIXED = {
    "app/settings.py": """
        from pydantic import BaseModel
        from pydantic_settings import BaseSettings
        from app.parts import CacheConfig, DatabaseSettings, Greeting

        class Mail(BaseModel):
            host: str = "localhost"

        class WorkerPart:
            workers: int = 2

        class Marker:
            def log(self): ...

        class Settings(DatabaseSettings, WorkerPart, Marker, BaseSettings):
            mail: Mail = Mail()
            cache: CacheConfig | None = None
            greeting: Greeting

        class Preview(DatabaseSettings):
            '''What an endpoint shows of them.'''
    """,
    "app/parts.py": """
        from pydantic import BaseModel

        class SettingsBase(BaseModel): ...

        class DatabaseSettings(SettingsBase):
            url: str = "sqlite://"

        class Limits(BaseModel):
            size: int = 10

        class CacheConfig(BaseModel):
            limits: Limits = Limits()

        class Greeting(BaseModel):
            text: str
    """,
}
NESTED = {
    "config.py": """
        from pydantic import BaseModel, Field
        from pydantic_settings import BaseSettings, SettingsConfigDict

        class RunConfig(BaseModel):
            host: str = "0.0.0.0"

        class Prefixes(BaseModel):
            v1: str = "/v1"

        class ApiPrefix(BaseModel):
            prefix: str = "/api"
            versions: Prefixes = Prefixes()

        class Settings(BaseSettings):
            model_config = SettingsConfigDict(env_nested_delimiter="__")
            run: RunConfig = Field(default_factory=RunConfig)
            api: ApiPrefix = ApiPrefix()
    """,
    "schemas.py": "from pydantic import BaseModel\n\nclass Item(BaseModel):\n    name: str\n",
}
INHERITED = {
    "core/base.py": """
        from pydantic_settings import BaseSettings

        class EnvSettings(BaseSettings):
            env: str = "dev"
    """,
    "core/config.py": """
        from core.base import EnvSettings

        class AppSettings(EnvSettings):
            debug: bool = False
    """,
}


@pytest.mark.parametrize(
    ("files", "settings", "schemas"),
    [
        (
            MIXED,
            ["CacheConfig", "DatabaseSettings", "Limits", "Mail", "Settings", "WorkerPart"],
            ["Greeting", "Preview", "SettingsBase"],
        ),
        (NESTED, ["ApiPrefix", "Prefixes", "RunConfig", "Settings"], ["Item"]),
        (INHERITED, ["AppSettings", "EnvSettings"], []),
    ],
    ids=["mixed in", "nested", "inherited"],
)
def test_what_settings_are_put_together_from_are_settings(
    tmp_path: Path, files: dict[str, str], settings: list[str], schemas: list[str]
) -> None:
    codebase = read(tmp_path, files)
    assert of_kind(codebase, "settings") == settings
    assert of_kind(codebase, "schema") == schemas


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("shop/migrations.py", "def m001_initial(db: Connection): ...\ndef m002_users(db: Connection): ..."),
        ("shop/database/changes.py", "def m001_initial(db: Session): ...\ndef m002_users(db: Session): ..."),
        ("shop/schema.py", "def add_users(db: Session): ...\n\nMIGRATIONS = [add_users]"),
        ("steps/0001.py", "from yoyo import step\n\ndef apply(db: Connection): ...\n\nsteps = [step(apply)]"),
        ("db/tenant/0a1b_users.py", "revision = 'a'\ndown_revision = None\n\ndef upgrade(db: Session): ..."),
        ("db/shared/9f_x.py", "revision: str = 'a'\ndown_revision: str | None = None\n\ndef fill(db: Session): ..."),
    ],
)
def test_migrations_are_no_services(tmp_path: Path, path: str, source: str) -> None:
    codebase = read(
        tmp_path, {path: source, "shop/versions/v1.py": "def list_users(db: Session): ...\n", "main.py": "x = 1"}
    )
    assert of_kind(codebase, "service") == ["list_users"]


ALIASES = {
    "models.py": """
        from typing import Annotated, Generic, TypeVar, Union
        from pydantic import BaseModel, Field

        T = TypeVar("T")

        class Page(BaseModel, Generic[T]):
            items: list[T]

        class Cat(BaseModel): ...
        class Dog(BaseModel): ...

        Cats = Page[Cat]
        Pet = Union[Cat, Dog]
        Either = Cat | Dog
        Tagged = Annotated[Either, Field(discriminator="Dog")]
        type Dogs = list[Dog]
        type Paged[X] = Page[X]
        Renamed = Cats
    """,
    "main.py": """
        from typing import Annotated
        from fastapi import Body, Depends, FastAPI
        import models
        from models import Cat, Cats, Dog, Dogs, Either, Paged, Pet, Renamed, Tagged

        app = FastAPI()
        CatBody = Annotated[Cat, Body(description="no Dog")]
        CatDep = Annotated[Cat, Depends(lambda: Cat())]

        @app.get("/1", response_model=Cats)
        def one(): ...
        @app.get("/2", response_model=Pet)
        def two(): ...
        @app.get("/3")
        def three() -> Either: ...
        @app.get("/4", response_model=models.Tagged)
        def four(): ...
        @app.get("/5", response_model=list[Dogs])
        def five(): ...
        @app.get("/6")
        def six() -> Paged[Dog]: ...
        @app.get("/7", response_model=Renamed | None)
        def seven(): ...
        @app.post("/8")
        def eight(cat: CatBody, other: CatDep) -> None: ...
    """,
}


def test_models_are_seen_through_aliases_of_generics_and_unions(tmp_path: Path) -> None:
    routes = [served.route for served in read(tmp_path, ALIASES).served]
    assert [(route.response_model or "").rpartition("::")[2] for route in routes] == [
        *("Page", "Cat", "Cat", "Cat", "Dog", "Page", "Page", "")
    ]
    assert [one.rpartition("::")[2] for one in routes[-1].request_models] == ["Cat"]


TAGS = """
    from enum import Enum
    from fastapi import APIRouter, FastAPI

    class Tag(str, Enum):
        users = "Users"
        admin = "Administration"

    COMMON = "common"
    app = FastAPI()
    router = APIRouter(prefix="/u", tags=[Tag.users, COMMON])
    inner = APIRouter(prefix="/i", tags=["inner"])

    @router.get("/a", tags=[COMMON, Tag.admin])
    def a(): ...

    @inner.get("/b", tags=["b"])
    def b(): ...

    @inner.websocket("/ws")
    def no_operation_of_the_document(): ...

    router.include_router(inner, tags=["given"])
    app.include_router(router, tags=["app", Tag.users])
"""


def test_tags_are_listed_as_given_in_the_order_of_the_document(tmp_path: Path) -> None:
    tags = {served.route.path: served.route.tags for served in read(tmp_path, {"main.py": TAGS}).served}
    assert tags == {
        "/u/a": ("app", "Users", "Users", "common", "common", "Administration"),
        "/u/i/b": ("app", "Users", "Users", "common", "given", "inner", "b"),
        "/u/i/ws": (),
    }


HELPERS = {
    "main.py": """
        from fastapi import FastAPI
        from helpers import expose, registry
        import endpoints

        app = FastAPI()
        for function in (endpoints.first, endpoints.second):
            app.add_api_route("/" + function.__name__, function)
        expose(app, endpoints.third)
        registry.install(app)
    """,
    "helpers.py": """
        def expose(app, function):
            app.get("/" + function.__name__)(function)

        class Registry:
            def __init__(self):
                self.functions = []

            def add(self, path):
                def keep(function):
                    self.functions.append((path, function))
                    return function
                return keep

            def install(self, app):
                for path, function in self.functions:
                    app.add_api_route(path, function)

        registry = Registry()
    """,
    "endpoints.py": """
        from helpers import registry

        def first(): ...

        def second(): ...

        async def third(): ...

        @registry.add("/fourth")
        def fourth(): ...
    """,
}


def test_a_route_stands_where_its_endpoint_is_written_not_where_a_helper_registers_it(tmp_path: Path) -> None:
    routes = [served.route for served in read(tmp_path, HELPERS).served]
    assert {route.path: (route.path_file, route.line) for route in routes} == {
        "/first": ("endpoints.py", 3),
        "/second": ("endpoints.py", 5),
        "/third": ("endpoints.py", 7),
        "/fourth": ("endpoints.py", 9),
    }


def test_aliases_that_signatures_are_written_with_are_components_and_found(tmp_path: Path) -> None:
    files = {
        "app/deps.py": """
            from typing import Annotated
            import fastapi
            from fastapi import Depends, Query
            from sqlalchemy.orm import Session
            from app.models import User

            def get_session(): ...
            def current_user(): ...

            SessionDep = Annotated[Session, Depends(get_session)]
            type CurrentUser = Annotated[User, fastapi.Security(current_user, scopes=["me"])]
            Limit = Annotated[int, Query(le=100)]
            Plain = list[User]
        """,
        "app/models.py": "from pydantic import BaseModel\nclass User(BaseModel):\n    name: str\n",
        "main.py": "from fastapi import FastAPI\napp = FastAPI()\n",
    }
    codebase = read(tmp_path, files)
    aliases = [one for one in codebase.components if one.kind == "dependency" and one.name[0].isupper()]
    assert [(one.name, one.line, one.summary, one.uses) for one in aliases] == [
        ("SessionDep", 10, "Annotated[Session, Depends(get_session)]", ("dependency:app/deps.py::get_session",)),
        (
            "CurrentUser",
            11,
            "Annotated[User, fastapi.Security(current_user, scopes=['me'])]",
            ("dependency:app/deps.py::current_user", "schema:app/models.py::User"),
        ),
    ]
    assert finder_of(codebase).search("current user")[0].entry.name in ("CurrentUser", "current_user")
    assert "SessionDep" in [hit.entry.name for hit in finder_of(codebase).search("session dep")]
