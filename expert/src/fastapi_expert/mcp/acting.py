"""The tools that do something: the gate, an addition, credit."""

from collections.abc import Sequence
from pathlib import Path

from fastapi_expert.errors import ExpertError
from fastapi_expert.mcp.workspace import Workspace
from fastapi_expert.tool import Answer, Parameter, Refused, Tool, rows_schema


class Acting:
    """The tools that act on a workspace's project. Each reads the code itself: they may run beside the others."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def tools(self) -> tuple[Tool, ...]:
        return (
            Tool(
                name="check_changes",
                description=(
                    "The gate over what changed: types, lint, security, duplicates, opened routes, weakened tests,"
                    " affected tests."
                ),
                parameters=(
                    Parameter("files", "array", "These alone."),
                    Parameter("since", "string", "What changed since this git revision, not the work tree."),
                    Parameter("all", "boolean", "Check every file."),
                    Parameter("contract", "boolean", "Also what breaks those who call."),
                    Parameter("test_change", "string", "Why checks are weakened, as the commit will say."),
                    Parameter("fix", "boolean", "Apply the safe fixes (format, import order, lint)."),
                ),
                function=self.check_changes,
                read_only=False,
                output=rows_schema(findings="path line check message", checks="name status"),
                is_long=True,
            ),
            Tool(
                name="add_resource",
                description=(
                    "Write a resource in the team's own way: table, schemas, endpoints, migration, tests; proven before"
                    " it is written."
                ),
                parameters=(
                    Parameter("resource", "string", "Singular: product; or product.field:type", required=True),
                    Parameter("fields", "array", "name:type, ? optional, ! unique: price:decimal, owner:ref[user]?"),
                    Parameter("owner", "string", "Field that says whose a row is."),
                    Parameter("shared", "boolean", "All signed-in users see all rows."),
                    Parameter("public", "boolean", "Anyone sees all rows."),
                    Parameter("auth", "string", "Dependency that gives the user.", is_shown=False),
                    Parameter("ways", "array", "NAME=VALUE over what was learned.", is_shown=False),
                    Parameter("dry_run", "boolean", "Only the diff."),
                ),
                function=self.add_resource,
                read_only=False,
                idempotent=False,
                output=rows_schema(files="path action", proofs="what state"),
                is_long=True,
            ),
            Tool(
                name="credit_contributor",
                description="Name who contributed to the commit being made; without files, to all of it.",
                parameters=(
                    Parameter(
                        "agent", "string", "The handle, @ optional.", required=True, aliases=("name", "contributor")
                    ),
                    Parameter("files", "array"),
                ),
                function=self.credit_contributor,
                read_only=False,
            ),
        )

    def check_changes(
        self,
        *,
        files: Sequence[str] = (),
        since: str | None = None,
        all: bool = False,
        fix: bool = False,
        contract: bool = False,
        test_change: str = "",
    ) -> Answer:
        from fastapi_expert.gate.report import report_text
        from fastapi_expert.gate.run import check
        from fastapi_expert.render.formats.gate import check_document

        root = self._workspace.root
        paths = [root / name for name in files]
        try:
            report = check(
                root,
                files=paths,
                since=since,
                everything=all,
                fix_them=fix,
                with_contract=contract,
                test_change=test_change,
            )
        except KeyboardInterrupt:  # the call was cancelled, and its tools are ended
            raise Refused("cancelled") from None
        document = check_document(report)
        return Answer(
            report_text(report), {key: document[key] for key in ("passed", "findings", "remarks", "checks", "fixed")}
        )

    def add_resource(
        self,
        *,
        resource: str,
        fields: Sequence[str] = (),
        owner: str | None = None,
        shared: bool = False,
        public: bool = False,
        auth: str = "",
        ways: Sequence[str] = (),
        dry_run: bool = False,
    ) -> Answer:
        from fastapi_expert.addition.journal import recover
        from fastapi_expert.addition.report import addition_diff, addition_document, addition_text
        from fastapi_expert.addition.request import Request
        from fastapi_expert.addition.transaction import Unproven, carry_out, tried
        from fastapi_expert.codebase import load
        from fastapi_expert.scaffold.plan import AlreadyThere

        root, settings = self._workspace.root, self._workspace.config
        recover(root)
        asked = Request(
            resource=resource, fields=fields, owner=owner, shared=shared, public=public, auth=auth, ways=ways
        )
        try:
            planned = asked.plan(root, load(root, exclude=settings.exclude))
            if dry_run:
                done = tried(root, planned, timeout=settings.check.timeout, prove=False)
            else:
                done = carry_out(root, planned, timeout=settings.check.timeout)
        except (AlreadyThere, Unproven) as error:
            raise Refused(f"refused: {error}") from None
        text = addition_text(planned, done) + (f"\n{addition_diff(done)}" if dry_run else "")
        return Answer(text, addition_document(planned, done, added=not dry_run))

    def credit_contributor(self, *, agent: str, files: Sequence[str] = ()) -> str:
        from fastapi_expert.credit import declare, record

        root = self._workspace.root
        if not files:
            declare(agent, cwd=root)
            return f"{agent} is credited in the commit being made."
        missing = [name for name in files if not (root / name).exists()]
        if missing:
            raise ExpertError(f"no file {missing[0]!r}", do="Give paths relative to the project's root.")
        record(agent, files=[Path(root / name) for name in files], session="mcp", tool="credit_contributor", cwd=root)
        return f"{agent} is credited for {len(files)} files in the commit being made."
