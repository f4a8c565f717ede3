"""What FastAPI, Starlette and pytest call things: the one place that knows their words.

Light on purpose: the hook's path imports it.
"""

import re
from functools import lru_cache

# -- methods of HTTP ------------------------------------------------------------------------------------------------

VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")
"""Each is a decorator of routers."""
METHODS = tuple([verb.upper() for verb in VERBS])
WEBSOCKET = "WEBSOCKET"
"""Stands in the place of the method of a route that is a websocket."""
CLIENT_VERBS = frozenset(VERBS) - {"trace"}
"""Each is a method of httpx's clients and of Starlette's `TestClient`."""

# -- what registers -------------------------------------------------------------------------------------------------

APPLICATIONS = frozenset({"FastAPI", "Starlette"})
ROUTERS = frozenset({"APIRouter", "Router", "InferringRouter"})
FRAMEWORKS = ("fastapi", "starlette", "fastapi_utils", "fastapi_restful", "cadwyn", "airflow")
"""Packages whose classes of those names are applications and routers."""

GENERAL_DECORATORS = ("api_route", "route", "websocket", "websocket_route")
"""Decorators of routers that are no verb: the methods, if any, are an argument."""
ROUTE_DECORATORS = frozenset({*VERBS, *GENERAL_DECORATORS})
ADDING_METHODS = ("add_api_route", "add_route", "add_api_websocket_route", "add_websocket_route")
STARLETTE_METHODS = ("route", "websocket_route", "add_route", "add_websocket_route")
"""Starlette's own, which know neither prefix nor dependencies of an `APIRouter`."""
MOUNTING_METHODS = ("mount", "host", "frontend")
ROUTE_CLASSES = frozenset({"Route", "APIRoute", "WebSocketRoute", "APIWebSocketRoute"})
MOUNT_CLASSES = frozenset({"Mount", "Host"})
APPLICATION_HOOKS = ("middleware", "exception_handler", "on_event")
"""Decorators of applications that keep a function without serving it."""
APPLICATION_SETTERS = ("add_middleware", "add_exception_handler", "add_event_handler")

# -- parameters -----------------------------------------------------------------------------------------------------

DEPENDS = ("Depends", "Security")
PARAMETERS = ("Query", "Path", "Body", "Header", "Cookie", "Form", "File")
"""Functions that say where a parameter is read from."""
REQUESTS = frozenset({"Request", "HTTPConnection", "WebSocket"})
"""Annotations that FastAPI fills with the connection itself."""

# -- protection -----------------------------------------------------------------------------------------------------

SECURITY_SCHEMES = frozenset({
    "OAuth2", "OAuth2PasswordBearer", "OAuth2AuthorizationCodeBearer", "OAuth2ClientCredentials",
    "HTTPBearer", "HTTPBasic", "HTTPDigest", "HTTPBase", "APIKeyHeader", "APIKeyQuery", "APIKeyCookie",
    "OpenIdConnect", "SecurityBase",
})  # fmt: skip
"""Classes of `fastapi.security` that read credentials; all but `SecurityBase` refuse by themselves."""
REFUSING_STATUSES = (401, 403)

# -- background work ------------------------------------------------------------------------------------------------

TASK_DECORATORS = frozenset({
    "task", "shared_task", "actor", "job", "cron", "periodic", "periodic_task", "db_task", "db_periodic_task",
    "broadcast_task", "scheduled_job", "repeat_every", "repeat_at", "crontab",
})  # fmt: skip
"""Decorators of Celery, Dramatiq, RQ, Huey, Taskiq, Procrastinate, APScheduler, aiocron and fastapi-utils."""
NO_TASK_QUEUES = ("locust", "invoke", "robocorp", "pytest")
"""Packages whose `task` is something else."""
COROUTINE_STARTERS = frozenset({"create_task", "ensure_future", "run_coroutine_threadsafe"})
"""Run the coroutine that they are given, beside what called them."""
CALLABLE_STARTERS = {
    "add_task": (0, "func"), "BackgroundTask": (0, "func"), "start_soon": (0, "func"), "add_job": (0, "func"),
    "enqueue": (0, "f"), "enqueue_call": (0, "func"), "enqueue_in": (1, "func"), "enqueue_at": (1, "func"),
    "register_task": (0, "func"), "do": (0, "job_func"), "schedule": (None, "func"), "cron": (None, "func"),
    "Thread": (1, "target"), "Process": (1, "target"), "Timer": (1, "function"),
}  # fmt: skip
"""Run what they are given later, or again and again: its position among the arguments and its keyword."""
WORKER_SETTINGS = ("functions", "cron_jobs")
"""What an arq or SAQ worker is told to run."""

# -- tests ----------------------------------------------------------------------------------------------------------

_TEST_FOLDER = r"(?:^|/)(?:tests?|testing|testsuite|e2e)/"
_TEST_MODULE = r"(?:^|/)(?:test_[^/]*|[^/]*_test)\.pyi?$"
_CONFTEST = r"(?:^|/)conftest\.pyi?$"
_TEST_PATH = re.compile(f"{_TEST_FOLDER}|{_TEST_MODULE}|{_CONFTEST}")
_COLLECTED = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test)\.py$")


@lru_cache(maxsize=1 << 13)
def is_test_path(path: str) -> bool:
    """Whether the file at ``path`` (relative, with `/`) holds tests or what only tests need."""
    return _TEST_PATH.search(path) is not None


def is_test_module(path: str) -> bool:
    """Whether pytest collects the file by default."""
    return _COLLECTED.search(path) is not None
