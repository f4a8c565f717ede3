"""Every rule: code, title, how bad it is, for which versions it holds, and what looks for it."""

from fastapi_expert.review.model import Rule
from fastapi_expert.review.rules import sessions

_ALL = (
    Rule("FX701", "committed after the answer", "A commit after the `yield` of a session dependency", "sessions", 1,
         sessions.commit_after_yield, "fastapi>=0.118"),
    Rule("FX702", "commit in finally", "A dependency that commits what a refused request wrote", "sessions", 1,
         sessions.commit_in_finally),
    Rule("FX703", "exception swallowed", "`except` around a dependency's `yield` that does not raise", "sessions", 2,
         sessions.swallowed_around_yield, "fastapi>=0.110"),
    Rule("FX704", "session in concurrent tasks", "One AsyncSession in `gather` or in several tasks", "sessions", 1,
         sessions.session_in_gather),
    Rule("FX705", "session at module level", "One session or connection for every request", "sessions", 1,
         sessions.module_session),
    Rule("FX706", "lazy relation in async code", "A relation that nothing loaded, touched in `async def`", "sessions", 1,
         sessions.lazy_relation),
    Rule("FX707", "relation of the answer not loaded", "A response schema with a relation that its query leaves out",
         "sessions", 1, sessions.relation_not_loaded),
    Rule("FX708", "read after commit", "An attribute read after the commit that expired it", "sessions", 1,
         sessions.attribute_after_commit),
    Rule("FX709", "session in a background task", "The request's session given to what runs after it", "sessions", 2,
         sessions.session_to_task),
    Rule("FX710", "session as long as a stream", "A session that lives as long as a stream or a WebSocket", "sessions", 1,
         sessions.session_in_stream, "fastapi>=0.118"),
    Rule("FX711", "sync session on the event loop", "A sync Session that queries in `async def`", "sessions", 1,
         sessions.sync_session_in_async),
    Rule("FX712", "coroutine not awaited", "A method of an AsyncSession called without `await`", "sessions", 1,
         sessions.not_awaited),
    Rule("FX714", "session never closed", "A dependency that makes a session and leaves it open", "sessions", 1,
         sessions.never_closed),
    Rule("FX716", "looked up, then inserted", "A unique value checked before the insert, its conflict not caught",
         "sessions", 2, sessions.check_then_insert),
    Rule("FX717", "Python operator in a condition", "`and`, `or`, `not` or `is` on a column", "sessions", 1,
         sessions.python_operators),
    Rule("FX719", "ordered by the caller's word", "`getattr(Model, name)` with a name from the request", "sessions", 2,
         sessions.order_by_text),
    Rule("FX720", "SQL put together", "SQL text with a part from the request", "sessions", 1, sessions.sql_by_formatting),
)  # fmt: skip

RULES: dict[str, Rule] = {rule.code: rule for rule in sorted(_ALL, key=lambda rule: rule.code)}
