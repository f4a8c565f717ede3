"""Small projects, one for each way in which modules put an application together: path to text."""

ASSEMBLIES: dict[str, dict[str, str]] = {
    "re-exports, stars, packages and circles": {
        "src/bazaar/__init__.py": "from .web import app",
        "src/bazaar/web.py": """
            from fastapi import FastAPI
            from bazaar.routers import api, users_router as people, extra
            from bazaar import routers

            app = FastAPI()
            app.include_router(api)
            app.include_router(people, prefix="/people")
            app.include_router(extra.router)
            app.include_router(routers.posts.router, prefix="/direct")
        """,
        "src/bazaar/routers/__init__.py": """
            from . import extra, posts
            from .users import *
            from .users import router as users_router
            from fastapi import APIRouter

            api = APIRouter(prefix="/api")
            api.include_router(posts.router)
            api.include_router(users_router)
        """,
        "src/bazaar/routers/posts.py": """
            from fastapi import APIRouter
            import bazaar.routers.users
            router = APIRouter(prefix="/posts")
            @router.get("")
            def list_posts(): ...
        """,
        "src/bazaar/routers/users.py": """
            from fastapi import APIRouter
            router = APIRouter(prefix="/users")
            @router.get("/{id}")
            def get(id: int): ...
        """,
        "src/bazaar/routers/extra.py": """
            from fastapi import APIRouter
            router = APIRouter()
            try:
                import orjson_that_is_not_there as json
            except ImportError:
                json = None
            @router.get("/extra")
            def extra(): ...
        """,
    },
    "conditions that the text settles": {
        "main.py": """
            import os
            import sys
            from typing import TYPE_CHECKING
            from fastapi import FastAPI

            if TYPE_CHECKING:
                from nowhere import Nothing

            DEBUG = False
            FEATURES = {"new": True}
            app = FastAPI()

            def page(): ...

            if DEBUG:
                app.get("/debug")(page)
            else:
                app.get("/release")(page)
            if not DEBUG and FEATURES["new"]:
                app.get("/new")(page)
            if os.getenv("SURELY_NOT_SET_ANYWHERE", "yes") == "yes":
                app.get("/default")(page)
            app.get("/a" if DEBUG else "/b")(page)
        """
    },
    "enumerations in prefixes": {
        "main.py": """
            from enum import Enum, StrEnum
            from fastapi import APIRouter, FastAPI

            class Name(StrEnum):
                USERS = "users"

            class Path(str, Enum):
                POSTS = "/posts"

            app = FastAPI()
            one = APIRouter(prefix=f"/{Name.USERS}", tags=[Name.USERS])
            two = APIRouter(prefix=Path.POSTS.value)

            @one.get("/x")
            def x(): ...

            @two.get("/y")
            def y(): ...

            app.include_router(one)
            app.include_router(two)
        """
    },
}

PART = """
    from fastapi import APIRouter
    router = APIRouter(prefix="/{name}")
    @router.get("/")
    def get(): ...
"""
ASSEMBLIES["routers found by listing folders"] = {
    **{f"found/{name}.py": PART.replace("{name}", name) for name in ("alpha", "beta", "_hidden")},
    "found/__init__.py": """
        import os
        from pathlib import Path

        names = [file.stem for file in Path(__file__).parent.glob("*.py") if not file.name.startswith("_")]
        listed = []
        for filename in sorted(os.listdir(os.path.dirname(__file__))):
            if not filename.endswith(".py") or filename.startswith("_"):
                continue
            listed.append(filename[:-3])
    """,
    "main.py": """
        import importlib
        import pkgutil
        from fastapi import FastAPI
        import found

        app = FastAPI()
        for name in found.names:
            app.include_router(importlib.import_module(f"found.{name}").router, prefix="/glob")
        for name in found.listed:
            app.include_router(importlib.import_module("found." + name).router, prefix="/listed")
        for info in pkgutil.iter_modules(found.__path__):
            module = importlib.import_module(f"{found.__name__}.{info.name}")
            if hasattr(module, "router"):
                app.include_router(module.router, prefix="/walked")
        for _, name, _ in pkgutil.iter_modules(found.__path__):
            if name == "alpha":
                continue
            if name == "beta":
                break
            app.include_router(importlib.import_module(f".{name}", package="found").router, prefix="/until")
    """,
}
