"""The event loop and what lives on it: what makes it wait, tasks, caches, clients, state of one worker."""

import re
from collections.abc import Iterator
from dataclasses import replace

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.blocking import runs_at_start, waits, waits_behind
from fastapi_expert.review.flow.calls import callees, last_name, running
from fastapi_expert.review.flow.modules import Function, dotted, is_constant, keyword
from fastapi_expert.review.flow.project import Project, Wait
from fastapi_expert.review.model import Confidence, Finding, Related, Rule

_WAITING = "every other request of this worker waits meanwhile"
_CONTEXTS = frozenset({"asynccontextmanager", "contextmanager", "fixture"})


def _on_the_loop(project: Project) -> Iterator[Function]:
    for function in running(project).values():
        if function.is_async and not runs_at_start(function):
            yield function


def _is_stream(project: Project, function: Function) -> bool:
    """Whether an async generator is what a response is made of, neither a dependency nor a context manager."""
    if not function.yields or any(last_name(one) in _CONTEXTS for one in function.node.decorator_list):
        return False
    return not any(function is one for one in project.dependency_functions)


def _first(project: Project, function: Function, sorts: tuple[str, ...]) -> Wait | None:
    return next((one for one in waits(project, function) if one.sort in sorts), None)


def blocking_call(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in _on_the_loop(project):
        found = _first(project, function, ("call",)) or _first(project, function, ("file",))
        if found is not None and not _is_stream(project, function):
            yield rule.at(
                function.path,
                found.call.lineno,
                f"`{found.name}` blocks the event loop: {_WAITING}",
                "make the function a plain `def`, await an asynchronous client, or `await asyncio.to_thread(…)`",
                confidence="likely" if found.sort == "file" else "certain",
            )


def blocking_in_stream(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in _on_the_loop(project):
        found = _first(project, function, ("call", "client", "heavy"))
        if found is not None and _is_stream(project, function):
            yield rule.at(
                function.path,
                found.call.lineno,
                f"`{found.name}` blocks the event loop at every step of the stream: {_WAITING}",
                "await something asynchronous, or make it a plain generator, which is iterated in a thread",
            )


def _waiting(project: Project, rule: Rule, sort: str, does: str, instead: str) -> Iterator[Finding]:
    """The coroutines that wait for something of a sort, themselves or through plain functions."""
    for function in _on_the_loop(project):
        found = _first(project, function, (sort,)) or _behind(project, function, sort)
        if found is not None and not _is_stream(project, function):
            yield rule.at(
                function.path,
                found.call.lineno,
                f"`{found.name}`{_way(found)} {does} on the event loop: {_WAITING}",
                f"{instead}make the function a plain `def`, or `await asyncio.to_thread(…)`",
                confidence=_sure(found),
            )


def _blocking_helper(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in _on_the_loop(project):
        found = _behind(project, function, "call")
        if found is not None:
            yield rule.at(
                function.path,
                found.call.lineno,
                f"`{found.name}`{_way(found)} blocks the event loop: {_WAITING}",
                f"`await asyncio.to_thread({dotted(found.call.func) or found.through[0]}, …)`, or a plain `def`",
                confidence=_sure(found),
            )


def _behind(project: Project, function: Function, sort: str) -> Wait | None:
    """What a plain function that is called here waits for."""
    for call, target in callees(project, function):
        if id(call) in function.awaited:
            continue
        behind = waits_behind(project, target)
        if behind is not None and behind.sort == sort:
            return Wait(behind.sort, behind.name, call, (target.name, *behind.through))
    return None


def blocking_client(project: Project, rule: Rule) -> Iterator[Finding]:
    return _grouped(_waiting(project, rule, "client", "waits for its server", "use the library's asyncio client, "))


def heavy_work(project: Project, rule: Rule) -> Iterator[Finding]:
    return _grouped(_waiting(project, rule, "heavy", "computes", ""))


def blocking_helper(project: Project, rule: Rule) -> Iterator[Finding]:
    return _grouped(_blocking_helper(project, rule))


def _grouped(findings: Iterator[Finding]) -> Iterator[Finding]:
    """One finding for all callers of a helper: mending it mends them all."""
    by_helper: dict[str, list[Finding]] = {}
    for one in findings:
        key = one.message if " (through " in one.message else f"{one.path}:{one.line}"
        by_helper.setdefault(key, []).append(one)
    for first, *rest in by_helper.values():
        callers = tuple([Related(one.path, one.line, "calls it too") for one in rest])
        yield replace(first, related=(*first.related, *callers))


_ONCE = re.compile(r"__init__|_?(?:init|setup|connect|configure|bootstrap|load|start|create_client)\w*|_?get_\w*client")


def _sure(found: Wait) -> Confidence:
    """What prepares something runs once, perhaps before the first request."""
    return "likely" if any(_ONCE.fullmatch(name) for name in found.through) else "certain"


def _way(found: Wait) -> str:
    return f" (through {' → '.join(f'`{name}`' for name in found.through)})" if found.through else ""


def task_dropped(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("create_task", "ensure_future"):
        for node in function.nodes:
            call = node.value if isinstance(node, tree.Expr) and isinstance(node.value, tree.Call) else None
            if call is None or last_name(call) not in ("create_task", "ensure_future"):
                continue
            name = project.kinds.external(function.path, call.func, function)
            if name.startswith("asyncio.") and not name.startswith("asyncio.TaskGroup"):
                yield rule.at(
                    function.path,
                    call.lineno,
                    "nothing keeps this task: Python may collect it before it is done, and its error is lost",
                    "keep it in a set until it is done, or use a TaskGroup",
                )


def cached_coroutine(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("lru_cache", "cache"):
        if not function.is_async or function.yields:
            continue
        for one in function.node.decorator_list:
            name = project.kinds.external(function.path, one.func if isinstance(one, tree.Call) else one)
            if name in ("functools.lru_cache", "functools.cache"):
                yield rule.at(
                    function.path,
                    function.node.lineno,
                    "the cache keeps the coroutine, which can be awaited once: the second call is a RuntimeError",
                    "cache what it returns: `async_lru.alru_cache`, or a dict of your own",
                )


_HTTP_CLIENTS = re.compile(r"httpx2?\.(?:Async)?Client|aiohttp\.ClientSession|requests\.(?:sessions\.)?[Ss]ession")


def client_dropped(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in running(project).values():
        if runs_at_start(function):
            continue
        closed = {
            dotted(n.value)
            for n in function.nodes
            if isinstance(n, tree.Attribute) and n.attr in ("close", "aclose", "__aexit__")
        }
        entered = {id(item.context_expr) for n in function.nodes if isinstance(n, tree.With) for item in n.items}
        handed = {dotted(n.value) for n in function.nodes if isinstance(n, tree.Return)}
        handed |= {
            item.context_expr.id
            for n in function.nodes
            if isinstance(n, tree.With)
            for item in n.items
            if isinstance(item.context_expr, tree.Name)
        }
        handed |= {dotted(one) for call in function.calls for one in call.args}
        for name, bound in project.kinds.bindings(function).items():
            for one in bound:
                if not isinstance(one.value, tree.Call) or id(one.value) in entered or name in closed | handed:
                    continue
                if _HTTP_CLIENTS.fullmatch(project.kinds.external(function.path, one.value.func, function)):
                    yield rule.at(
                        function.path,
                        one.value.lineno,
                        "a client for every request, which nothing closes: connections pile up until they are "
                        "collected",
                        "one client for the life of the application, or `async with`",
                    )


_WITHOUT_TIMEOUT = re.compile(
    r"requests\.(?:get|post|put|patch|delete|head|options|request)|urllib\.request\.urlopen"
    r"|requests\.(?:sessions\.)?[Ss]ession\.(?:get|post|put|patch|delete|head|options|request)"
)


_APART = re.compile(r"(?:^|/)(?:scripts?|dev|docs?|docs_src|examples?|tools|bin|benchmarks?)/")


def no_timeout(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("requests", "urlopen", "httpx"):
        if _APART.search(function.path):
            continue
        for call in function.calls:
            name = project.kinds.external(function.path, call.func, function)
            if not name:
                continue
            given = keyword(call, "timeout")
            forever = is_constant(given, None) and given is not None
            silent = given is None and not any(one.arg is None for one in call.keywords)
            if last_name(call) == "stream":
                continue  # a stream is meant to last
            if (_WITHOUT_TIMEOUT.fullmatch(name) and (silent or forever)) or (
                name.partition(".")[0] in ("httpx", "httpx2") and forever
            ):
                yield rule.at(
                    function.path,
                    call.lineno,
                    f"`{name}` waits for ever when the other side does not answer: a thread or a task is gone each "
                    "time",
                    "`timeout=10`",
                )


def body_read_around_stream(project: Project, rule: Rule) -> Iterator[Finding]:
    streams = any(
        last_name(call) in ("StreamingResponse", "EventSourceResponse")
        for one in project.endpoints
        for call in one.calls
    )
    for function in project.functions("body_iterator") if streams else ():
        if not any(arg.arg == "call_next" for arg in function.node.args.args):
            continue
        for node in function.nodes:
            if isinstance(node, tree.Attribute) and node.attr == "body_iterator":
                yield rule.at(
                    function.path,
                    node.lineno,
                    "the whole body is collected before any of it is sent: what streams arrives at its end, or never",
                    "a plain ASGI middleware that passes the messages on",
                )
                break


_STATE = re.compile(
    r"_?(?:active_|user_|login_|auth_|rate_|request_)?(?:sessions?|tokens?|otps?|codes?|attempts|hits|limits?|quotas?|counters?|"
    r"next_id|nonces?|challenges?|logged_in|blacklist|revoked\w*|refresh_tokens|verification_codes|rate_limits?|requests_by_ip|current_id)(?:_store|_cache|_db|_map|_by_\w+)?"
)
_ADDING = frozenset({"append", "add", "update", "setdefault", "pop", "extend"})


def state_of_one_worker(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in running(project).values():
        module = project.module(function.path)
        local = project.kinds.bindings(function)
        outer = {name for node in function.nodes if isinstance(node, tree.Global) for name in node.names}
        reported: set[str] = set()
        for node in function.nodes:
            name = _changed(node, outer)
            if (
                not isinstance(node, tree.Expression | tree.Statement)
                or not name
                or name in reported
                or not _STATE.fullmatch(name.lower())
            ):
                continue
            value = module.assigned.get(name)
            if value is None or (name in local and name not in outer) or function.parameter(name) is not None:
                continue
            if not _is_plain_state(value):
                continue
            reported.add(name)
            yield rule.at(
                function.path,
                node.lineno,
                f"`{name}` is the memory of one worker: with two, the next request may not find it, and a restart "
                "forgets it",
                "keep it in the database or in Redis",
                confidence="likely",
            )


def _changed(node: tree.Node, outer: set[str]) -> str:
    """The name of the module that a statement changes."""
    match node:
        case tree.Subscript(value=value, ctx="store" | "del"):
            return dotted(value)
        case tree.AugAssign(target=tree.Name(id=name)) if name in outer:
            return name
        case tree.Call(func=tree.Attribute(value=value, attr=method)) if method in _ADDING:
            return dotted(value.value) if isinstance(value, tree.Subscript) else dotted(value)
        case _:
            return ""


def _is_plain_state(value: tree.Expression) -> bool:
    if isinstance(value, tree.Dict | tree.List | tree.Set):
        return True
    if isinstance(value, tree.Constant):
        return isinstance(value.value, int)
    return isinstance(value, tree.Call) and last_name(value) in (
        "dict",
        "list",
        "set",
        "defaultdict",
        "OrderedDict",
        "deque",
        "Counter",
        "count",
    )


RULES = (
    Rule(
        "FX801",
        "blocking call on the event loop",
        "A call in `async def` that waits without `await`",
        "loop",
        1,
        blocking_call,
    ),
    Rule(
        "FX802",
        "blocking helper on the event loop",
        "A plain function called in `async def` that waits",
        "loop",
        1,
        blocking_helper,
    ),
    Rule(
        "FX803",
        "blocking client on the event loop",
        "A synchronous client of a store or service in `async def`",
        "loop",
        1,
        blocking_client,
    ),
    Rule(
        "FX804",
        "heavy work on the event loop",
        "Password hashing, data frames or images in `async def`",
        "loop",
        1,
        heavy_work,
    ),
    Rule(
        "FX805",
        "blocking wait in a stream",
        "A call that waits inside an async generator of a response",
        "loop",
        1,
        blocking_in_stream,
    ),
    Rule("FX806", "task dropped", "A task of `create_task` that nothing keeps", "loop", 2, task_dropped),
    Rule("FX807", "cached coroutine", "`lru_cache` or `cache` on `async def`", "loop", 1, cached_coroutine),
    Rule(
        "FX808",
        "client for every request",
        "An HTTP client made with each request and never closed",
        "loop",
        3,
        client_dropped,
    ),
    Rule("FX809", "no timeout", "An outgoing call that may wait for ever", "loop", 2, no_timeout),
    Rule(
        "FX811",
        "body collected around a stream",
        "A middleware that reads whole bodies where routes stream",
        "loop",
        3,
        body_read_around_stream,
    ),
    Rule(
        "FX812",
        "state of one worker",
        "Logins, limits or counters in a module's variable",
        "loop",
        1,
        state_of_one_worker,
    ),
)
