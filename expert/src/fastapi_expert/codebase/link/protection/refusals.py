"""Which functions speak of refusing, by their own text or through what they name."""

import re

from fastapi_expert.codebase.resolve.names import Names, Symbol

_SPEAKS_OF_REFUSAL = re.compile(
    r"40[13]|UNAUTHORIZED|FORBIDDEN|WS_1008|Redirect|HTTPException|WebSocketException", re.I
)


class Refusals:
    """Which functions speak of refusing, by their own text or through what they name."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._known: dict[tuple[str, str], bool] = {}

    def of_function(self, path: str, qualname: str) -> bool:
        key = (path, qualname)
        if key in self._known:
            return self._known[key]
        self._known[key] = False
        facts = self.names.function(path, qualname)
        found = False
        if facts is not None:
            found = any(_SPEAKS_OF_REFUSAL.search(name) for name in facts.names) or any(
                self._of_name(path, name, facts.owner) for name in facts.names
            )
        self._known[key] = found
        return found

    def _of_name(self, path: str, name: str, owner: str) -> bool:
        head, _, rest = name.partition(".")
        symbol = (
            self.names.member(Symbol("class", path, owner), rest.partition(".")[0])
            if head in ("self", "cls") and owner and rest
            else self.names.resolve(path, name)
        )
        if symbol is None:
            return False
        if symbol.kind == "function":
            return self.of_function(symbol.path, symbol.name)
        return symbol.kind == "class" and self._of_class(symbol)

    def _of_class(self, symbol: Symbol) -> bool:
        key = (symbol.path, symbol.name)
        if key in self._known:
            return self._known[key]
        self._known[key] = False
        line = [symbol, *self.names.ancestors(symbol.path, symbol.name)]
        found = any(
            (one.kind == "external" and _SPEAKS_OF_REFUSAL.search(one.name) is not None)
            or (one.kind == "external" and one.name.rpartition(".")[2] in ("Exception", "BaseException"))
            for one in line
        )
        self._known[key] = found
        return found
