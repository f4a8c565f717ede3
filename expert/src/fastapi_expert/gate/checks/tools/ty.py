"""ty: errors, on the project's interpreter."""

from fastapi_expert.gate.checks.tools.base import PROJECT, Call, Tool, read_lines


def _ty(call: Call) -> list[str]:
    return ["check", "--output-format=concise", f"--python={call.python}", "--", *call.paths]


TY = Tool(
    name="ty",
    check="types",
    package="ty",
    arguments=_ty,
    read=read_lines,
    command=("ty",),
    tables=("tool.ty",),
    files=("ty.toml",),
    homes=("ty.toml", "pyproject.toml:[tool.ty", *PROJECT),
    alone=False,
)
