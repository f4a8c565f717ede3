"""Every kind of component, what it uses, its fields, and which tests exercise which routes."""

import pytest

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.model import Component

from .projects import read

SHOP = {
    "app/__init__.py": "",
    "app/config.py": """
        from pydantic_settings import BaseSettings

        class Settings(BaseSettings):
            '''What the environment says.'''
            database_url: str
            api_prefix: str = "/api"

        settings = Settings()
    """,
    "app/db.py": """
        from collections.abc import Iterator
        from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

        class Base(DeclarativeBase):
            pass

        class Stamped:
            created_at: Mapped[str] = mapped_column()

        class User(Stamped, Base):
            __tablename__ = "users"
            id: Mapped[int] = mapped_column(primary_key=True)
            email: Mapped[str] = mapped_column(unique=True)
            nick: Mapped[str | None]

        def get_db() -> Iterator[Session]:
            with Session() as session:
                yield session
    """,
    "app/schemas.py": """
        from typing import ClassVar, Generic, TypeVar
        from pydantic import BaseModel, Field

        T = TypeVar("T")

        class UserBase(BaseModel):
            '''A user, as everybody sees one.

            More words.
            '''
            model_config = {"from_attributes": True}
            registry: ClassVar[dict] = {}
            email: str
            nick: str | None = None

        class UserCreate(UserBase):
            password: str = Field(..., min_length=8)
            nick: str = Field(default="me")

        class UserPublic(UserBase):
            id: int

        class Page(BaseModel, Generic[T]):
            items: list[T]
            total: int = 0

        class UserPage(Page[UserPublic]):
            pass
    """,
    "app/security.py": """
        from typing import Annotated
        from fastapi import Cookie, Depends, Header, HTTPException, Request, status
        from fastapi.security import OAuth2PasswordBearer
        from sqlalchemy.orm import Session
        from app.db import User, get_db

        oauth2 = OAuth2PasswordBearer(tokenUrl="token")
        lenient = OAuth2PasswordBearer(tokenUrl="token", auto_error=False)
        SessionDep = Annotated[Session, Depends(get_db)]

        def current_user(session: SessionDep, token: str = Depends(oauth2)) -> User: ...

        def optional_user(token: str | None = Depends(lenient)) -> User | None: ...

        def strict_after_all(token: str | None = Depends(lenient)):
            if token is None:
                raise HTTPException(status.HTTP_401_UNAUTHORIZED)

        def by_header(request: Request):
            if "x" not in request.headers:
                raise HTTPException(status_code=403)

        class Roles:
            def __init__(self, *names: str): self.names = names
            def __call__(self, user: Annotated[User, Depends(current_user)]): ...

        def requires(role: str):
            def check(user=Depends(current_user)): return user
            return check

        CurrentUser = Annotated[User, Depends(current_user)]
    """,
    "app/users.py": """
        from sqlalchemy.orm import Session
        from app.db import User
        from app.schemas import UserCreate

        class UserService:
            def __init__(self, session: Session) -> None:
                self.session = session

            def create(self, data: UserCreate) -> User:
                user = User(email=data.email)
                self.session.add(user)
                return user

        def count_users(session: Session) -> int:
            '''How many users there are.'''
            return session.query(User).count()

        def welcome(email: str) -> None:
            print("welcome", email)
    """,
    "app/worker.py": """
        from celery import shared_task
        from app.users import count_users

        @shared_task
        def nightly(): count_users(None)
    """,
    "app/main.py": """
        from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, Security
        from starlette.middleware.base import BaseHTTPMiddleware
        from app.config import settings
        from app.schemas import UserCreate, UserPage, UserPublic
        from app.security import *
        from app.security import CurrentUser, Roles, SessionDep, by_header, optional_user, requires, strict_after_all
        from app.users import UserService, count_users, welcome

        class Timing(BaseHTTPMiddleware):
            async def dispatch(self, request, call_next): return await call_next(request)

        class Missing(Exception): ...

        app = FastAPI(title="Shop")
        router = APIRouter(prefix="/users", tags=["users"])
        guarded = APIRouter(prefix="/guarded", dependencies=[Depends(by_header)])
        app.add_middleware(Timing)

        @app.middleware("http")
        async def log_requests(request, call_next): return await call_next(request)

        @app.exception_handler(Missing)
        async def missing(request, error): ...

        @router.post("", status_code=201, response_model=UserPublic)
        def create_user(data: UserCreate, session: SessionDep, tasks: BackgroundTasks):
            '''Create a user.'''
            tasks.add_task(welcome, data.email)
            return UserService(session).create(data)

        @router.get("/", name="users:list")
        def list_users(session: SessionDep) -> UserPage:
            return count_users(session)

        @router.get("/{user_id}")
        def get_user(user_id: int, me: CurrentUser) -> UserPublic: ...

        @router.get("/optional/me")
        def optional(me=Depends(optional_user)): ...

        @router.get("/strict/me")
        def strict(me=Depends(strict_after_all)): ...

        @router.delete("/{user_id}", dependencies=[Depends(Roles("admin"))])
        def delete_user(user_id: int): ...

        @router.put("/{user_id}", dependencies=[Security(requires("editor"))])
        def put_user(user_id: int): ...

        @guarded.get("/x")
        def guarded_x(): ...

        app.include_router(router, prefix=settings.api_prefix)
        app.include_router(guarded)
    """,
    "tests/conftest.py": """
        import pytest
        from fastapi.testclient import TestClient
        from app.main import app

        @pytest.fixture
        def client(): return TestClient(app)
    """,
    "tests/test_users.py": """
        from app.config import settings
        from app.main import app
        from app.users import count_users

        BASE = f"{settings.api_prefix}/users"

        def user_url(id): return f"{BASE}/{id}"

        def test_create(client):
            response = client.post("/api/users", json={})
            assert response.status_code == 201

        async def test_list_by_name(client):
            await client.get(app.url_path_for("users:list"))

        def test_get(client, user):
            client.get(f"{BASE}/{user.id}", headers={})

        def test_delete_through_a_variable(client, user):
            url = BASE + "/" + str(user.id)
            client.delete(url)

        def test_put_through_a_helper(client, user):
            client.put(user_url(user.id))

        def test_guarded(client):
            client.request("GET", "http://testserver/guarded/x?y=1")

        class TestCounting:
            def test_count(self): assert count_users(None)

        def helper(): ...
    """,
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Codebase:
    return read(tmp_path_factory.mktemp("shop"), SHOP)


def _named(shop: Codebase, kind: str) -> list[str]:
    return [one.qualname for one in shop.components if one.kind == kind]


def _one(shop: Codebase, kind: str, name: str) -> Component:
    [found] = [one for one in shop.components if one.kind == kind and one.qualname == name]
    return found


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("app", ["app"]),
        ("router", ["router", "guarded"]),
        (
            "endpoint",
            ["create_user", "list_users", "get_user", "optional", "strict", "delete_user", "put_user", "guarded_x"],
        ),
        ("schema", ["UserBase", "UserCreate", "UserPublic", "Page", "UserPage"]),
        ("table", ["User"]),
        ("service", ["UserService", "count_users"]),
        (
            "dependency",
            [
                "get_db",
                "SessionDep",
                "current_user",
                "optional_user",
                "strict_after_all",
                "by_header",
                "Roles",
                "requires",
                "CurrentUser",
            ],
        ),
        ("middleware", ["Timing", "log_requests"]),
        ("exception_handler", ["missing"]),
        ("task", ["welcome", "nightly"]),
        ("settings", ["Settings"]),
        (
            "test",
            [
                "test_create",
                "test_list_by_name",
                "test_get",
                "test_delete_through_a_variable",
                "test_put_through_a_helper",
                "test_guarded",
                "TestCounting.test_count",
            ],
        ),
    ],
)
def test_every_kind_is_found_and_nothing_else(shop: Codebase, kind: str, names: list[str]) -> None:
    assert _named(shop, kind) == names


def test_ids_say_kind_path_and_name(shop: Codebase) -> None:
    endpoint = _one(shop, "endpoint", "create_user")
    assert endpoint.id == "endpoint:app/main.py::create_user"
    assert shop.component(endpoint.id) is endpoint
    assert endpoint.summary == "Create a user."
    assert endpoint.signature == "(data: UserCreate, session: SessionDep, tasks: BackgroundTasks)"
    function = shop.function(endpoint.id)
    assert function is not None
    assert function.line == endpoint.line


def _fields(component: Component) -> list[tuple[str, str, bool]]:
    return [(field.name, field.type, field.required) for field in component.fields or ()]


def test_fields_are_inherited_and_overridden(shop: Codebase) -> None:
    assert _fields(_one(shop, "schema", "UserCreate")) == [
        ("email", "str", True),
        ("nick", "str", False),
        ("password", "str", True),
    ]
    assert _fields(_one(shop, "schema", "UserBase")) == [("email", "str", True), ("nick", "str | None", False)]


def test_fields_of_generic_schemas_are_filled_in(shop: Codebase) -> None:
    assert _fields(_one(shop, "schema", "UserPage")) == [("items", "list[UserPublic]", True), ("total", "int", False)]


def test_columns_of_a_table_come_with_those_of_its_mixins(shop: Codebase) -> None:
    assert _fields(_one(shop, "table", "User")) == [
        ("created_at", "str", True),
        ("id", "int", False),
        ("email", "str", True),
        ("nick", "str | None", False),
    ]


def test_settings_say_what_must_be_set(shop: Codebase) -> None:
    assert _fields(_one(shop, "settings", "Settings")) == [("database_url", "str", True), ("api_prefix", "str", False)]


def test_uses_are_edges_from_the_application_down_to_its_tables(shop: Codebase) -> None:
    assert "router:app/main.py::router" in _one(shop, "app", "app").uses
    assert "middleware:app/main.py::Timing" in _one(shop, "app", "app").uses
    assert "endpoint:app/main.py::create_user" in _one(shop, "router", "router").uses
    assert set(_one(shop, "endpoint", "create_user").uses) == {
        "dependency:app/db.py::get_db",
        "schema:app/schemas.py::UserCreate",
        "service:app/users.py::UserService",
        "task:app/users.py::welcome",
    }
    assert set(_one(shop, "service", "UserService").uses) == {
        "schema:app/schemas.py::UserCreate",
        "table:app/db.py::User",
    }
    assert _one(shop, "service", "count_users").uses == ("table:app/db.py::User",)
    assert "service:app/users.py::count_users" in _one(shop, "test", "TestCounting.test_count").uses


def test_protection_is_what_turns_strangers_away(shop: Codebase) -> None:
    protected = {served.route.name: served.route.protected for served in shop.served}
    assert protected == {
        "create_user": False,
        "users:list": False,
        "get_user": True,
        "optional": False,
        "strict": True,
        "delete_user": True,
        "put_user": True,
        "guarded_x": True,
    }


def test_routes_name_models_status_tags_and_dependencies(shop: Codebase) -> None:
    [create] = [served.route for served in shop.served if served.route.name == "create_user"]
    assert create.path == "/api/users"
    assert create.status_code == 201
    assert create.tags == ("users",)
    assert create.request_models == ("schema:app/schemas.py::UserCreate",)
    assert create.response_model == "schema:app/schemas.py::UserPublic"
    assert create.dependencies == ("dependency:app/db.py::get_db",)
    [listed] = [served.route for served in shop.served if served.route.name == "users:list"]
    assert listed.response_model == "schema:app/schemas.py::UserPage"


def test_tests_are_linked_to_the_routes_they_ask_for(shop: Codebase) -> None:
    linked = {
        f"{served.route.method} {served.route.path}": [test.rpartition("::")[2] for test in served.route.tests]
        for served in shop.served
        if served.route.tests
    }
    assert linked == {
        "POST /api/users": ["test_create"],
        "GET /api/users/": ["test_list_by_name"],
        "GET /api/users/{user_id}": ["test_get"],
        "DELETE /api/users/{user_id}": ["test_delete_through_a_variable"],
        "PUT /api/users/{user_id}": ["test_put_through_a_helper"],
        "GET /guarded/x": ["test_guarded"],
    }


def test_a_module_leads_to_the_files_it_imports(shop: Codebase) -> None:
    assert "app/users.py" in shop.imports_of("app/worker.py")
