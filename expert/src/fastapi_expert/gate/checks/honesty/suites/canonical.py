"""Code as a text in which formatting does not show: quotes, line breaks, brackets and trailing commas are all one."""

from collections import Counter
from collections.abc import Callable, Iterator

from fastapi_expert.codebase.syntax import tree


def canonical(node: tree.Node, *, named: Callable[[str], str] = str) -> str:
    """One text for ``node``, equal for equal code; ``named`` says how a plain name is written."""

    def said(one: tree.Node) -> str:
        match one:
            case tree.Name(id=name):
                return named(name)
            case tree.Constant(value=value):
                return repr(value)
            case tree.Attribute(value=owner, attr=attr):
                return f"{said(owner)}.{attr}"
            case tree.Call(func=func, args=args, keywords=keywords):
                given = [*map(said, args), *sorted(map(said, keywords))]
                return f"{said(func)}({', '.join(given)})"
            case tree.Keyword(arg=arg, value=value):
                return f"{arg}={said(value)}" if arg else f"**{said(value)}"
            case tree.Arg(arg=arg):
                return arg
            case tree.Await(value=value) | tree.Expr(value=value):
                return said(value)
            case tree.BinOp(op=op) | tree.UnaryOp(op=op) | tree.AugAssign(op=op):
                return f"{type(one).__name__}{op}({_inside(one)})"
            case tree.Compare(ops=ops):
                return f"Compare {' '.join(ops)}({_inside(one)})"
            case tree.BoolOp(op=op):
                return f"{op}({_inside(one)})"
            case tree.FunctionDef(name=name) | tree.ClassDef(name=name):
                return f"{type(one).__name__} {name}({_inside(one)})"
            case tree.Global(names=names):
                return f"global {' '.join(names)}"
            case tree.Other():
                return one.text
            case _:
                return f"{type(one).__name__}({_inside(one)})"

    def _inside(one: tree.Node) -> str:
        return ", ".join(said(child) for child in tree.children(one))

    return said(node)


def words(node: tree.Node) -> Iterator[str]:
    """The names, attributes and constants in ``node``: what tells two pieces of code apart."""
    for one in tree.walk(node):
        match one:
            case tree.Name(id=name):
                yield name
            case tree.Attribute(attr=attr):
                yield attr
            case tree.Keyword(arg=str(arg)) | tree.Arg(arg=arg):
                yield arg
            case tree.Constant(value=value) if not isinstance(value, bool) and value is not None:
                yield str(value)
            case _:
                pass


def likeness(one: Counter[str], other: Counter[str]) -> float:
    """How alike two bags of words are, 0..1 (Sørensen–Dice)."""
    size = one.total() + other.total()
    return 2 * (one & other).total() / size if size else 1.0
