"""One task, from the question to the commit: the model drives, the workbench holds to the policy, limits end it."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fastapi_expert.agent.tools import Approver, Workbench
from fastapi_expert.agent.transcript import Transcript
from fastapi_expert.clients.definition import prompt
from fastapi_expert.errors import ExpertError
from fastapi_expert.git import Repository
from fastapi_expert.tool import Refused, Tool

if TYPE_CHECKING:
    from pydantic_ai import Agent
    from pydantic_ai.models import Model
    from pydantic_ai.usage import RunUsage

Outcome = Literal["committed", "uncommitted", "answered", "stopped"]
_REMINDERS = 2
"""How often a model that ends with work undone is sent back to it."""
_FRAME = """
## Here

You have tools for files and commits of your own: `list_files`, `read_file`, `write_file`, `edit_file` and
`commit_changes`, which runs the gate and credits you. Nothing else runs: no shell. Work until the task is committed.
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a run ends for certain: ``requests`` to the model, and ``cost`` in US dollars where prices are known."""

    requests: int = 60
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """What it took. ``cost`` is in US dollars, None when the model's price is not known."""

    requests: int
    input_tokens: int
    output_tokens: int
    cost: Decimal | None

    def __str__(self) -> str:
        price = "price not known" if self.cost is None else f"about ${self.cost:.4f}"
        return f"{self.requests} requests, {self.input_tokens:,} tokens in, {self.output_tokens:,} out, {price}"


@dataclass(frozen=True, slots=True)
class Result:
    """How a run came out. ``uncommitted`` are files it wrote that no commit holds; ``why`` says what stopped it."""

    outcome: Outcome
    answer: str
    commits: tuple[str, ...]
    files: tuple[str, ...]
    uncommitted: tuple[str, ...]
    spent: Spent
    transcript: Path
    why: str = ""


def model_named(name: str) -> "Model":
    """The model called ``provider:model``; raises `ExpertError` when its library, its name or its key is missing."""
    try:
        from pydantic_ai.exceptions import UserError
        from pydantic_ai.models import infer_model
    except ImportError:
        what = "the agent needs pydantic-ai, which is not installed"
        raise ExpertError(what, do="pip install 'fastapi-expert[agent]'") from None
    try:
        return infer_model(name)
    except ImportError as error:
        raise ExpertError(str(error).partition(",")[0], where=name, do=_install(str(error))) from None
    except (UserError, ValueError) as error:
        what = str(error).split(" or pass it via")[0].split(". To try")[0]
        do = "Name a model as provider:model, e.g. anthropic:claude-sonnet-4-5 or openai:gpt-5."
        raise ExpertError(what, where=name, do=do if what.startswith("Unknown") else "Then run it again.") from None


def _install(message: str) -> str:
    found = message.partition("`pip install ")[2].partition("`")[0]
    return f"pip install {found}" if found else "Install what it names."


async def work(
    task: str, *, root: Path, model: "Model", approver: Approver, limits: Limits, tell: Callable[[str], None]
) -> Result:
    """Do ``task`` in the project at ``root``.

    Raises:
        ExpertError: no git work tree, or one with uncommitted changes, which could not be told from the agent's.
    """
    from pydantic_ai.exceptions import AgentRunError
    from pydantic_ai.usage import RunUsage

    _start_clean(root)
    transcript = Transcript.below(root / ".expert/cache/agent", task, tell)
    transcript.began(task, model.model_name)
    bench = Workbench(root, _RecordedApprover(approver, transcript), session=transcript.file.stem)
    spent = RunUsage()
    answer, why = "", ""
    try:
        answer = await _drive(_agent(model, bench, transcript), task, limits, spent, transcript)
    except AgentRunError as error:  # a limit, or a model that cannot be reached or makes no sense: no fault of ours
        why = " ".join(str(error).split())
    result = _result(bench, spent, transcript, answer=answer, why=why)
    transcript.ended(f"{outcome_text(result)}\n\n{result.spent}")
    return result


def outcome_text(result: Result) -> str:
    """One sentence on how it came out."""
    commits = ", ".join(commit[:10] for commit in result.commits)
    done = f"committed {commits}" if commits else "nothing committed"
    left = f"; not committed: {', '.join(result.uncommitted)}" if result.uncommitted else ""
    return f"{f'stopped: {result.why}; ' if result.why else ''}{done}{left}"


@dataclass(frozen=True, slots=True)
class _RecordedApprover:
    """A person whose answers stand in the transcript."""

    approver: Approver
    transcript: Transcript

    @property
    def absent(self) -> bool:
        return self.approver.absent

    def allows(self, what: str, preview: str) -> str:
        reason = self.approver.allows(what, preview)
        if not self.approver.absent:
            self.transcript.asked(what, reason)
        return reason


def _start_clean(root: Path) -> None:
    changed = Repository.find(root).git("status", "--porcelain", "--untracked-files=all").splitlines()
    if changed:
        first = changed[0][3:]
        what = f"there are uncommitted changes ({first}{f' and {len(changed) - 1} more' if len(changed) > 1 else ''})"
        raise ExpertError(what, where=str(root), do="Commit or stash them: what the agent writes is told by them.")


def _agent(model: "Model", bench: Workbench, transcript: Transcript) -> "Agent[object, str]":
    from pydantic_ai import Agent, ModelRetry
    from pydantic_ai.tools import Tool as AgentTool

    tools = [
        AgentTool[object].from_schema(
            _agent_call(tool, bench, transcript),
            name=name,
            description=tool.description,
            json_schema=tool.input_schema(),
            sequential=True,
        )
        for name, tool in bench.tools().items()
    ]
    agent = Agent(
        model, tools=tools, instructions=prompt() + _FRAME, retries={"tools": _REMINDERS, "output": _REMINDERS + 1}
    )
    reminders = iter(range(_REMINDERS))

    @agent.output_validator
    def finished(answer: str) -> str:
        if bench.policy.owed and next(reminders, None) is not None:
            transcript.said(f"(sent back: {bench.policy.owed})")
            raise ModelRetry(bench.policy.owed)
        return answer

    return agent


def _agent_call(tool: Tool, bench: Workbench, transcript: Transcript) -> Callable[..., Any]:
    """`tool` as the model calls it: on the loop's own thread, since the codebase is read by one thread at a time."""
    from pydantic_ai.exceptions import ToolFailed

    async def call(**arguments: Any) -> str:
        try:
            answer = tool.run(arguments).text
        except (Refused, ExpertError) as error:
            transcript.called(tool.name, arguments, str(error), refused=True)
            raise ToolFailed(str(error)) from None
        bench.policy.called(tool.name)
        transcript.called(tool.name, arguments, answer, refused=False)
        return answer

    return call


async def _drive(
    agent: "Agent[object, str]", task: str, limits: Limits, spent: "RunUsage", transcript: Transcript
) -> str:
    from pydantic_ai import Agent
    from pydantic_ai.messages import TextPart
    from pydantic_ai.usage import UsageLimits

    bounds = UsageLimits(request_limit=limits.requests, cost_limit=limits.cost)
    async with agent.iter(task, usage=spent, usage_limits=bounds) as steps:
        async for step in steps:
            if Agent.is_call_tools_node(step):
                for part in step.model_response.parts:
                    if isinstance(part, TextPart):
                        transcript.said(part.content)
    return steps.result.output if steps.result else ""


def _result(bench: Workbench, spent: "RunUsage", transcript: Transcript, *, answer: str, why: str) -> Result:
    policy = bench.policy
    outcome: Outcome = (
        "stopped" if why else "uncommitted" if policy.written else "committed" if policy.commits else "answered"
    )
    return Result(
        outcome,
        answer,
        tuple(policy.commits),
        tuple(dict.fromkeys([*policy.committed, *policy.written])),
        tuple(policy.written),
        Spent(spent.requests, spent.input_tokens, spent.output_tokens, spent.cost),
        transcript.file,
        why,
    )
