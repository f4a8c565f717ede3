"""FX511: A secret setting with a default in the repository."""

import re
from collections.abc import Iterator
from pathlib import PurePath

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import dotted, keyword
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.flow.running import APART
from fastapi_expert.review.model import Finding, Rule

_SECRET_SETTING = re.compile(
    r"(?:\w+_)?(?:secret|secret_key|password|passwd|api_key|private_key|signing_key|encryption_key)", re.IGNORECASE
)


_NOT_SECRET = re.compile(
    r"(?i)sk-[a-z-]{0,20}|(?:0123456789(?:abcdef)?)+|(.)\1*|.*not[-_ ]?(?:needed|used)|\s*|.*(?:://|\.example|env|required|none|null).*|<.*>|\$\{.*\}|\.\.\."
)


_UNREAL = re.compile(r"default|fake|mock|dummy|demo|example|sample|stub|test(?!ament)", re.IGNORECASE)
"""Words in the name of a class or a field that keeps nothing safe."""


def secret_default(project: Project, rule: Rule) -> Iterator[Finding]:
    settings = {path for path, _ in project.of_kind("settings")}
    for path in project.paths():
        if (
            APART.search(path)
            or "example" in path
            or (
                path not in settings
                and b"environ" not in project.modules.source(path)
                and b"getenv" not in project.modules.source(path)
            )
        ):
            continue
        module = project.module(path)
        for name, cls in module.classes.items():
            if project.codebase.kinds.get((path, name)) != "settings":
                continue
            checked = "".join(one.text for one in cls.body if isinstance(one, tree.FunctionDef))
            for statement in cls.body:
                if isinstance(statement, tree.AnnAssign) and isinstance(statement.target, tree.Name):
                    field = statement.target.id
                    text = _literal(statement.value)
                    if (
                        _SECRET_SETTING.fullmatch(field)
                        and not _UNREAL.search(f"{name} {field}")
                        and text
                        and field not in checked
                        and text not in checked
                        and not _is_refused(project, field)
                    ):
                        yield _known_secret(rule, path, statement.lineno, field, f"{name} {PurePath(path).stem}")
        for value in module.assigned.values():
            for call in [n for n in tree.walk(value) if isinstance(n, tree.Call) and len(n.args) == 2]:
                variable, fallback = call.args
                if last_name(call) != "getenv" and not dotted(call.func).endswith("environ.get"):
                    continue
                if not isinstance(variable, tree.Constant) or not _literal(fallback):
                    continue
                if _SECRET_SETTING.fullmatch(str(variable.value)):
                    yield _known_secret(rule, path, call.lineno, str(variable.value))


_OF_A_SERVICE = re.compile(
    r"(?:\w+_)?(?:db|database|pg|postgres(?:ql)?|mysql|maria\w*|mongo\w*|redis|neo4j|rabbit\w*|amqp|broker|minio|s3|kafka|elastic\w*"
    r"|smtp|mail|clickhouse|influx\w*|qdrant|weaviate|milvus|opensearch|sql\w*|nats|ftp|sftp|ldap|keycloak|oidc|oauth\w*|google|github"
    r"|client)_\w+|(?:db|database|mysql|postgres|redis|sql)\w*",
    re.IGNORECASE,
)
"""Secrets that another server asks for: who knows one has to reach that server first."""


def _known_secret(rule: Rule, path: str, line: int, name: str, owner: str = "") -> Finding:
    lesser = _OF_A_SERVICE.fullmatch(name) or re.search(r"database|db|postgres|redis|minio|sql|mail|smtp", owner, re.I)
    return rule.at(
        path,
        line,
        f"where `{name}` is not set, everybody who can read the repository knows it",
        "make it required, or generate one at the first start",
        severity=2 if lesser else None,
        confidence="likely",
    )


def _is_refused(project: Project, field: str) -> bool:
    """`if settings.SECRET_KEY == "change-me": raise …`, wherever the application starts."""
    for path in project.all_paths():
        if field.encode() not in project.modules.source(path):
            continue
        for node in tree.walk(project.module(path).root):
            if not isinstance(node, tree.Compare):
                continue
            sides = (node.left, *node.comparators)
            if any(
                isinstance(one, tree.Constant) and isinstance(one.value, str) and one.value for one in sides
            ) and any(isinstance(one, tree.Attribute) and one.attr == field for one in sides):
                return True
    return False


def _literal(node: tree.Expression | None) -> str:
    if isinstance(node, tree.Call) and last_name(node) in ("Field", "SecretStr") and node.args:
        node = node.args[0]
    if isinstance(node, tree.Call) and last_name(node) == "Field":
        node = keyword(node, "default")
    if isinstance(node, tree.Constant) and isinstance(node.value, str):
        return "" if _NOT_SECRET.fullmatch(node.value) or len(node.value) < 6 else node.value
    return ""


RULE = Rule(
    "FX511",
    "known secret",
    "A secret setting with a default in the repository",
    "access",
    1,
    secret_default,
    also=r"[SB]10[567]",
    alone=True,
)
