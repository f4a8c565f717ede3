"""Small projects, one for each way in which routes come about: path to text."""

SETTINGS = """
    from pydantic import BaseModel, Field
    from pydantic_settings import BaseSettings

    class Api(BaseModel):
        v2: str = "/v2"

    class Settings(BaseSettings):
        API: str = "/api"
        VERSION: int = 1
        nested: Api = Api()
        described: str = Field(default="/described", description="x")

        @property
        def full(self) -> str:
            return f"{self.API}/full"

    settings = Settings()
"""

REGISTRATIONS: dict[str, dict[str, str]] = {
    "prefixes from constants, f-strings and settings": {
        "config.py": SETTINGS,
        "main.py": """
            from fastapi import APIRouter, FastAPI
            from config import settings

            PREFIX = "/const"
            VERSIONED = f"{settings.API}/v{settings.VERSION}"
            app = FastAPI()
            users = APIRouter(prefix=PREFIX + "/users")

            @users.get("")
            def list_users(): ...

            @users.get("/{user_id:int}")
            def get_user(user_id: int): ...

            app.include_router(users, prefix=VERSIONED)
            app.include_router(users, prefix=settings.nested.v2)
            app.include_router(users, prefix=settings.full)
            app.include_router(users, prefix=settings.described)
            app.include_router(users, prefix="/{}/x".format("formatted"))
            app.include_router(users, prefix="/" + "-".join(["joined", "up"]))
        """,
    },
    "nested routers and one router included twice": {
        "main.py": """
            from fastapi import APIRouter, FastAPI

            inner = APIRouter(prefix="/inner")
            outer = APIRouter(prefix="/outer")
            app = FastAPI()

            @inner.post("/a", status_code=201)
            def a(): ...

            outer.include_router(inner)
            outer.include_router(inner, prefix="/again")
            app.include_router(outer, prefix="/api")
            app.include_router(inner)
        """
    },
    "routes added after the router was included count": {
        "main.py": """
            from fastapi import APIRouter, FastAPI

            router = APIRouter(prefix="/r")
            app = FastAPI()
            app.include_router(router)

            @router.get("/late")
            def late(): ...
        """
    },
    "every way to add a route": {
        "main.py": """
            from fastapi import APIRouter, FastAPI, WebSocket
            from starlette.routing import Route, WebSocketRoute, Mount
            from fastapi.routing import APIRoute

            def plain(request): ...
            async def socket(websocket: WebSocket): ...
            def handler(): ...

            app = FastAPI(routes=[Route("/given", plain), WebSocketRoute("/ws-given", socket)])
            router = APIRouter(routes=[APIRoute("/api-given", handler, methods=["PUT"])])

            @app.api_route("/many", methods=["GET", "post"])
            def many(): ...

            @app.websocket("/ws")
            async def ws(websocket: WebSocket): ...

            @app.get("/one")
            @app.head("/one")
            @app.options("/one")
            @app.trace("/one")
            def one(): ...

            app.add_api_route("/added", handler)
            app.add_api_route("/added2", endpoint=handler, methods=["DELETE", "PATCH"])
            app.add_route("/starlette", plain, methods=["GET", "POST"])
            app.add_api_websocket_route("/ws2", socket)
            app.router.get("/through-router")(handler)
            app.router.add_api_route("/through-router2", handler)
            app.include_router(router, prefix="/p")
        """
    },
    "applications mounted in applications": {
        "main.py": """
            from fastapi import FastAPI
            from starlette.applications import Starlette
            from starlette.routing import Mount, Route
            from starlette.responses import JSONResponse

            def home(request): return JSONResponse({})

            sub = FastAPI()
            deeper = FastAPI()

            @deeper.get("/deep")
            def deep(): ...

            @sub.get("/")
            def sub_home(): ...

            sub.mount("/deeper", deeper)
            app = FastAPI()
            app.mount("/sub", sub)
            app.mount("/star", Starlette(routes=[Route("/home", home), Mount("/m", routes=[Route("/x", home)])]))
            app.host("api.example.org", sub)
        """
    },
    "factories that return and receive": {
        "app/__init__.py": "",
        "app/routes.py": """
            from fastapi import APIRouter

            def make_router(prefix: str, *, name="things") -> APIRouter:
                router = APIRouter(prefix=prefix)

                @router.get("/" + name)
                def things(): ...

                return router
        """,
        "app/setup.py": """
            from fastapi import FastAPI
            from .routes import make_router

            def register(app: FastAPI) -> None:
                app.include_router(make_router("/a"))
                app.include_router(make_router("/b", name="others"), prefix="/v1")
        """,
        "app/main.py": """
            from fastapi import FastAPI
            from app.setup import register

            def create_app(debug: bool = False) -> FastAPI:
                app = FastAPI(debug=debug)
                register(app)

                @app.get("/health")
                def health(): ...

                if debug:
                    @app.get("/debug")
                    def debug_page(): ...

                return app
        """,
    },
    "loops over literals": {
        "main.py": """
            from fastapi import APIRouter, FastAPI
            import importlib

            app = FastAPI()
            NAMES = ["users", "posts"]

            def make(name):
                def endpoint(): return name
                return endpoint

            for name in NAMES:
                app.add_api_route(f"/{name}", make(name))
            for path, methods in {"/x": ["GET"], "/y": ["POST", "PUT"]}.items():
                app.add_api_route(path, make(path), methods=methods)
            for index, name in enumerate(NAMES, start=1):
                router = APIRouter()
                router.add_api_route("/item", make(name))
                app.include_router(router, prefix=f"/{index}")
            for module in ("alpha", "beta"):
                app.include_router(importlib.import_module(f"parts.{module}").router)
            for router in [importlib.import_module("parts." + m).router for m in ("alpha", "beta")]:
                app.include_router(router, prefix="/again")
        """,
        "parts/__init__.py": "",
        "parts/alpha.py": """
            from fastapi import APIRouter
            router = APIRouter(prefix="/alpha")
            @router.get("/")
            def get(): ...
        """,
        "parts/beta.py": """
            from fastapi import APIRouter
            router = APIRouter(prefix="/beta")
            @router.get("/")
            def get(): ...
        """,
    },
    "class-based views": {
        "main.py": """
            from fastapi import APIRouter, Depends, FastAPI

            router = APIRouter(prefix="/cbv")

            def controller(router):
                def decorate(cls):
                    return cls
                return decorate

            @controller(router)
            class Items:
                @router.get("/items")
                def list(self=None): ...

                @router.post("/items")
                def create(self=None): ...

            class Greeter:
                def __init__(self, name: str):
                    self.name = name
                    self.router = APIRouter(prefix="/greet")
                    self.router.add_api_route("/hello", self.hello, methods=["GET"])
                    self.add("/bye", self.bye)

                def add(self, path, endpoint):
                    self.router.add_api_route(path, endpoint, methods=["POST"])

                def hello(self): ...
                def bye(self): ...

            app = FastAPI()
            app.include_router(router)
            app.include_router(Greeter("x").router, prefix="/api")
        """
    },
    "subclasses of APIRouter and FastAPI": {
        "main.py": """
            from fastapi import APIRouter, FastAPI

            class Versioned(APIRouter):
                def __init__(self, *, prefix: str = "", version: int = 1, **kwargs):
                    super().__init__(prefix=f"/v{version}{prefix}", **kwargs)

            class Slashless(APIRouter):
                def add_api_route(self, path, endpoint, **kwargs):
                    super().add_api_route(path.rstrip("/"), endpoint, **kwargs)

            class App(FastAPI):
                def install(self, router):
                    self.include_router(router, prefix="/installed")

            a = Versioned(prefix="/a", version=3)
            b = Slashless(prefix="/b")

            @a.get("/x")
            def x(): ...

            @b.get("/y/")
            def y(): ...

            app = App()
            app.install(a)
            app.include_router(b)
        """
    },
}
