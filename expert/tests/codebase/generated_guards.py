"""What keeps strangers out of generated programs, and what only looks so: dependencies, bodies, decorators, middleware.

Whether a stranger is let in is nobody's claim here: the running program answers.
"""

import random

GUARDS = (
    "{name} = HTTPBearer()",
    "{name} = HTTPBearer(auto_error=False)",
    "{name} = OAuth2PasswordBearer(tokenUrl='token')",
    "{name} = APIKeyQuery(name='key')",
    "key_{name} = APIKeyHeader(name='x-key', auto_error=False)\n\n\ndef {name}(key=Depends(key_{name})):\n"
    "    if key != 'secret':\n        raise HTTPException(status.HTTP_403_FORBIDDEN)\n    return key",
    "def {name}(request: Request):\n    if 'authorization' not in request.headers:\n"
    "        raise HTTPException(status_code=401)",
    "class Check{name}:\n    def __init__(self, role):\n        self.role = role\n\n"
    "    async def __call__(self, token=Depends(HTTPBearer(auto_error=False))):\n        if token is None:\n"
    "            raise HTTPException(401)\n        return self.role\n\n\n{name} = Check{name}('admin')",
    "class Refused{name}(HTTPException):\n    def __init__(self):\n        super().__init__(status_code=401)\n\n\n"
    "async def {name}(request: Request):\n    token = request.cookies.get('session')\n    if not token:\n"
    "        raise Refused{name}\n    return token",
    "def _token_{name}(request):\n    return request.headers.get('x-token')\n\n\ndef _ensure_{name}(token):\n"
    "    if not token:\n        raise HTTPException(401)\n    return token\n\n\n"
    "async def {name}(request: Request):\n    return _ensure_{name}(_token_{name}(request))",
    "def {name}(authorization: str | None = Header(None)):\n"
    "    return authorization.split()[-1] if authorization else None",
    "def {name}(request: Request):\n    if os.getenv('OPEN_{name}', 'no') == 'no' and not request.cookies:\n"
    "        raise HTTPException(401)",
    "def {name}(request: Request):\n    if DISABLED and not request.headers.get('authorization'):\n"
    "        raise HTTPException(401)",
    "def {name}(request: Request):\n    try:\n        return request.headers['authorization']\n"
    "    except KeyError:\n        raise HTTPException(401) from None",
    "def needs_{name}(role):\n    async def check(request: Request):\n        if request.headers.get('role') != role:\n"
    "            raise HTTPException(403)\n\n    return check\n\n\n{name} = needs_{name}('admin')",
    "def {name}(request: Request):\n    if request.headers.get('x-version') == '0':\n        raise HTTPException(403)",
    "def user_{name}(token=Depends(HTTPBearer(auto_error=False))):\n    return token\n\n\n"
    "def {name}(user=Depends(user_{name})):\n    if user is None:\n        raise HTTPException(401)\n    yield user",
)

KEEPERS = (
    """
@{app}.middleware("http")
async def {name}(request: Request, call_next):
    if request.url.path.startswith("{exempt}"):
        return await call_next(request)
    if "authorization" not in request.headers:
        return JSONResponse({{}}, status_code=401)
    return await call_next(request)
""",
    """
@{app}.middleware("http")
async def {name}(request: Request, call_next):
    if request.url.path.startswith("{exempt}") and not request.cookies.get("session"):
        return JSONResponse({{}}, status_code=403)
    return await call_next(request)
""",
    """
class {name}(BaseHTTPMiddleware):
    def __init__(self, app, exempt=()):
        super().__init__(app)
        self.exempt = tuple(exempt)

    async def dispatch(self, request, call_next):
        if not request.url.path.startswith(self.exempt) and request.headers.get("x-key") is None:
            return Response(status_code=401)
        return await call_next(request)

{app}.add_middleware({name}, exempt=["{exempt}", "/docs"])
""",
    """
class {name}:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and not scope["path"].startswith("{exempt}"):
            if b"authorization" not in dict(scope["headers"]):
                response = JSONResponse({{}}, status_code=401)
                await response(scope, receive, send)
                return
        await self.app(scope, receive, send)

{app}.add_middleware({name})
""",
    """
class {name}(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        response = await call_next(request)
        response.headers["x-seen"] = "401"
        return response

{app}.add_middleware({name})
""",
)


def guard(chosen: random.Random, name: str) -> str:
    """The definition of a dependency that may refuse a stranger."""
    return chosen.choice(GUARDS).format(name=name)


def keeper(chosen: random.Random, app: str, name: str) -> str:
    """A middleware that may refuse a stranger, put before ``app``."""
    exempt = chosen.choice(["/v", "/one", "/const", "/inner", "/nowhere"])
    return chosen.choice(KEEPERS).format(app=app, name=name, exempt=exempt).strip("\n")


def guarded(chosen: random.Random, router: str, name: str, keeps: str) -> str:
    """An endpoint that ``keeps`` stands before, or that refuses strangers itself."""
    return chosen.choice(
        [
            f"@{router}.get('/{name}', dependencies=[Depends({keeps})])\ndef {name}(): ...",
            f"@{router}.get('/{name}')\ndef {name}(user=Depends({keeps})): ...",
            f"@{router}.post('/{name}')\nasync def {name}(user: Annotated[object, Security({keeps})]): ...",
            f"Kept{name} = Annotated[object, Depends({keeps})]\n\n\n@{router}.get('/{name}')\n"
            f"def {name}(user: Kept{name}): ...",
            f"@{router}.get('/{name}')\ndef {name}(request: Request):\n    if not request.headers.get('x-key'):\n"
            f"        raise HTTPException(401)",
            f"def signed_in_{name}(function):\n    @wraps(function)\n    async def inner(*args, request, **kwargs):\n"
            f"        if 'authorization' not in request.headers:\n            raise HTTPException(status_code=401)\n"
            f"        return await function(*args, request=request, **kwargs)\n\n    return inner\n\n\n"
            f"@{router}.get('/{name}')\n@signed_in_{name}\nasync def {name}(request: Request): ...",
            f"class Common{name}:\n    def __init__(self, user=Depends({keeps})):\n        self.user = user\n\n\n"
            f"@{router}.put('/{name}')\ndef {name}(common: Common{name} = Depends()): ...",
        ]
    )
