"""FX809: An outgoing call that may wait for ever."""

import re
from collections.abc import Iterator

from fastapi_expert.review.flow.blocking import runs_at_start
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import is_constant, keyword
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.flow.running import running
from fastapi_expert.review.model import Finding, Rule

_WITHOUT_TIMEOUT = re.compile(
    r"requests\.(?:get|post|put|patch|delete|head|options|request)|urllib\.request\.urlopen"
    r"|requests\.(?:sessions\.)?[Ss]ession\.(?:get|post|put|patch|delete|head|options|request)"
)


def no_timeout(project: Project, rule: Rule) -> Iterator[Finding]:
    at_work = running(project)
    for function in project.functions("requests", "urlopen", "httpx"):
        if id(function) not in at_work or runs_at_start(function):
            continue  # a command or a script that waits keeps nobody else from working
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


RULE = Rule("FX809", "no timeout", "An outgoing call that may wait for ever", "loop", 2, no_timeout, alone=True)
