"""Which calls of libraries make a thread wait, and which functions of the codebase do so behind their name."""

import re

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import argument, callees, last_name
from fastapi_expert.review.flow.modules import Function, dotted
from fastapi_expert.review.flow.project import Project, Sort, Wait

_CALLS = re.compile(
    r"time\.sleep|os\.(?:system|popen|wait|waitpid)|subprocess\.(?:run|call|check_call|check_output|getoutput|getstatusoutput)"
    r"|subprocess\.Popen\.(?:wait|communicate)|urllib\.request\.(?:urlopen|urlretrieve)|socket\.(?:create_connection|getaddrinfo|gethostbyname)"
    r"|requests\.(?:get|post|put|patch|delete|head|options|request)|requests\.(?:sessions\.)?[Ss]ession\.(?:get|post|put|patch|delete|head|options|request|send)"
    r"|httpx2?\.(?:get|post|put|patch|delete|head|options|request|stream)|httpx2?\.Client\.(?:get|post|put|patch|delete|head|options|request|send|stream)"
    r"|urllib3\.(?:request|PoolManager\.request)"
)
_FILES = re.compile(
    r"pathlib\.Path\.(?:read_text|read_bytes|write_text|write_bytes)|shutil\.(?:copyfileobj|copytree|rmtree|make_archive)"
)
_CLIENTS = re.compile(
    r"redis\.(?:client\.)?(?:Redis|StrictRedis|from_url|Redis\.from_url)\.(?!pipeline|register_script|pubsub|lock|close)\w+"
    r"|boto3\.(?:session\.Session\.)?(?:client|resource)\.(?!generate_presigned|meta|exceptions|can_paginate|get_paginator|get_waiter|close)[\w.]+"
    r"|pymongo\.(?:mongo_client\.)?MongoClient(?:\.(?:\[\]|\w+))*\.(?:find_one\w*|insert_\w+|update_\w+|delete_\w+|replace_one|aggregate|count_documents|distinct|bulk_write|command)"
    r"|smtplib\.SMTP(?:_SSL)?\.(?:sendmail|send_message|login|starttls)"
    r"|psycopg2?\.connect|pymysql\.connect|MySQLdb\.connect|sqlite3\.connect\.(?:execute|executemany|commit)"
    r"|elasticsearch\.Elasticsearch\.(?:search|index|get|delete|update|bulk|count)"
)
_HEAVY = re.compile(
    r"bcrypt\.(?:hashpw|checkpw|kdf)|argon2\.PasswordHasher\.(?:hash|verify)|passlib\.context\.CryptContext\.(?:hash|verify|verify_and_update)"
    r"|pwdlib\.PasswordHash(?:\.recommended)?\.(?:hash|verify|verify_and_update)|hashlib\.(?:scrypt|pbkdf2_hmac)|werkzeug\.security\.(?:generate|check)_password_hash"
    r"|pandas\.read_(?:csv|excel|parquet|json|sql\w*)|PIL\.Image\.open\.(?:resize|thumbnail|convert|save)|zxcvbn\.zxcvbn"
)
_SORTS: tuple[tuple[Sort, re.Pattern[str]], ...] = (
    *(("call", _CALLS), ("file", _FILES), ("client", _CLIENTS), ("heavy", _HEAVY)),
)
_DEPTH = 6
_MOMENT = 0.005
"""Seconds."""
_ROUNDS = 20_000
"""Of PBKDF2 from which it takes as long as a query."""
_CACHES = frozenset({"lru_cache", "cache", "cached_property", "cached"})


def waits(project: Project, function: Function) -> tuple[Wait, ...]:
    """The calls of a function's own body that wait, in order; what is awaited or handed on does not."""
    known = project.waits
    if id(function) not in known:
        known[id(function)] = tuple(
            [
                Wait(sort, name, call)
                for call in function.calls
                if id(call) not in function.awaited and not _is_for_another_system(function, call)
                for sort, name in _sort(project, function, call)
                if not (name == "time.sleep" and _is_moment(call)) and not _is_quick(name, call)
            ]
        )
    return known[id(function)]


def _is_moment(call: tree.Call) -> bool:
    """`time.sleep(0.0001)`: less than a query takes."""
    given = call.args[0] if call.args else None
    seconds = given.value if isinstance(given, tree.Constant) else None
    return isinstance(seconds, float) and seconds < _MOMENT


_SYSTEMS = re.compile(r"[\"'](?:Darwin|darwin|Windows|win32|nt|cygwin)[\"']")


def _is_for_another_system(function: Function, call: tree.Call) -> bool:
    """`if platform.system() == "Darwin": …`: servers run Linux."""
    return any(_SYSTEMS.search(test.text) for test in function.conditions(call))


def _is_quick(name: str, call: tree.Call) -> bool:
    """`hashlib.pbkdf2_hmac(…, 2048)`: a key that is derived, not a password that is guarded."""
    if name == "open":
        first = call.args[0] if call.args else None
        path = first.value if isinstance(first, tree.Constant) else ""
        return isinstance(path, str) and path.startswith(("/proc/", "/sys/"))  # memory of the kernel
    if not name.endswith("pbkdf2_hmac"):
        return name == "socket.gethostbyname" and "hostname" in call.text.partition("(")[2]  # of this machine
    rounds = argument(call, 3, "iterations")
    return isinstance(rounds, tree.Constant) and isinstance(rounds.value, int) and rounds.value < _ROUNDS


def _sort(project: Project, function: Function, call: tree.Call) -> list[tuple[Sort, str]]:
    if dotted(call.func) == "open" and project.kinds.resolve(function.path, "open") is None:
        return [("file", "open")]
    name = project.kinds.external(function.path, call.func, function)
    if not name and isinstance(call.func, tree.Attribute):
        name = _on_path(project, function, call.func)
    return [(sort, name) for sort, pattern in _SORTS if pattern.fullmatch(name)] if name else []


def _on_path(project: Project, function: Function, node: tree.Attribute) -> str:
    """`(folder / name).read_text` of a `pathlib.Path`."""
    value = node.value
    while isinstance(value, tree.BinOp):
        value = value.left
    kind = project.kinds.of(function.path, value, function)
    return f"{kind[5:]}.{node.attr}" if kind.startswith("from ") else ""


def waits_behind(project: Project, function: Function, depth: int = 0) -> Wait | None:
    """What a plain function waits for when it is called, itself or through others; files do not count."""
    known = project.waits_behind
    if id(function) in known or depth > _DEPTH:
        return known.get(id(function))
    known[id(function)] = None
    if function.is_async or function.yields or _is_cached(function):
        return None
    own = next((one for one in waits(project, function) if one.sort != "file"), None)
    if own is None:
        for call, target in callees(project, function):
            behind = waits_behind(project, target, depth + 1)
            if behind is not None:
                own = Wait(behind.sort, behind.name, call, (target.name, *behind.through))
                break
    known[id(function)] = own
    return own


def _is_cached(function: Function) -> bool:
    """Whether it keeps what it found: by a decorator, in a variable of the module, or of its object or class."""
    by_decorator = any(last_name(one) in _CACHES for one in function.node.decorator_list)
    return by_decorator or any(isinstance(node, tree.Global) for node in function.nodes) or _returns_kept(function)


def _returns_kept(function: Function) -> bool:
    """`if self._found is not None: return self._found`, where the function sets it."""
    given = {
        dotted(one.body[0].value)
        for one in function.node.body
        if isinstance(one, tree.If) and len(one.body) == 1 and isinstance(one.body[0], tree.Return)
    }
    kept = {name for name in given if name.startswith(("self.", "cls."))}
    return any(isinstance(n, tree.Attribute) and n.ctx == "store" and dotted(n) in kept for n in function.nodes)


def runs_at_start(function: Function) -> bool:
    """Whether a function is a lifespan or a start-up hook: it runs before the first request."""
    for one in function.node.decorator_list:
        name = last_name(one)
        if name == "on_event":
            return True
        if name == "asynccontextmanager" and any(
            arg.arg in ("app", "_app", "application", "_") for arg in function.node.args.args
        ):
            return True
    return function.name in ("lifespan", "startup", "shutdown", "on_startup", "on_shutdown")
