"""What a name stands for, above all one of module level: a setting, a value, or what cannot be read."""

import builtins
import re
from typing import Any

from fastapi_expert.codebase.interpret.values import (
    MISSING,
    Condition,
    External,
    Instance,
    Scope,
    Site,
    Unknown,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.link.protection import library
from fastapi_expert.codebase.link.protection.outcomes import State
from fastapi_expert.codebase.link.protection.stranger.runtime import Ended, Following
from fastapi_expert.codebase.link.protection.values import Free, Opaque, Setting
from fastapi_expert.codebase.resolve.names import Symbol
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.ir import Expr


class ModuleNames(Following):
    """What a name stands for, above all one of module level: a setting, a value, or what cannot be read."""

    def look_up(self, dotted: str, state: State, scope: Scope) -> Any:
        head, *rest = dotted.split(".")
        value = state.names[head] if head in state.names else self._outer(head, scope)
        for name in rest:
            value = self.attribute(value, name, Site(scope.path, self.line), state)
        return value

    def _outer(self, name: str, scope: Scope) -> Any:
        value = self.interp.lookup(scope, name)
        if value is MISSING:
            if hasattr(builtins, name):
                return External(f"builtins.{name}")
            return Opaque(f"{name} is not known", Site(scope.path, 1))
        return self.of_module(value, name, scope)

    def of_module(self, value: Any, name: str, scope: Scope) -> Any:
        """A module-level value: what the environment decides is a setting, not its default."""
        is_unread = isinstance(value, Unknown) or _is_call_outside(value)
        if (value is None or value is False) and self._is_rebound(name, scope):
            return Opaque(f"what {name} is when it runs", Site(scope.path, 1))
        if (is_list(value) or is_dict(value)) and not value and self._is_filled(name, scope):
            return Opaque(f"what {name} holds when it runs", Site(scope.path, 1))
        if not is_unread and value is not None and not isinstance(value, (str, bool, int, float)):
            return value
        symbol = self.names.resolve(scope.path, name)
        if symbol is None or symbol.kind != "value" or "." in symbol.name:
            return unread(value, name) if isinstance(value, Unknown) else value
        assigned = self.names.assigned(symbol)
        if ir.reads_environment(assigned):
            bound: Any = self.names.bindings(symbol.path).get(symbol.name)
            default = self._as_shipped(value, symbol, assigned)
            return Setting(symbol.name, default, Site(symbol.path, ir.line_of(bound)))
        if not is_unread:
            return value
        return self._computed(symbol, assigned, unread(value, name) if isinstance(value, Unknown) else value)

    def _as_shipped(self, value: Any, symbol: Symbol, assigned: Expr) -> Any:
        """What a variable of the environment ships as; MISSING where it has to be set."""
        if not isinstance(value, Unknown):
            return value
        try:
            found = self.evaluate(assigned, State({}), self.interp.run_module(symbol.path))
        except Ended:
            return MISSING
        return found.default if isinstance(found, Setting) else MISSING

    def _is_rebound(self, name: str, scope: Scope) -> bool:
        """Whether a function sets a module-level name later, as many do with what a start of the application makes."""
        sources, symbol = self.interp.sources, self._value(name, scope)
        return sources is not None and symbol is not None and sources.rebinds(symbol.path, symbol.name)

    def _is_filled(self, name: str, scope: Scope) -> bool:
        """Whether a function puts something into what is empty at first: people, tokens, sessions kept in memory."""
        sources, symbol = self.interp.sources, self._value(name, scope)
        return sources is not None and symbol is not None and sources.fills(symbol.path, symbol.name)

    def _value(self, name: str, scope: Scope) -> Symbol | None:
        symbol = self.names.resolve(scope.path, name)
        return symbol if symbol is not None and symbol.kind == "value" else None

    def _computed(self, symbol: Symbol, assigned: Expr, otherwise: Any) -> Any:
        """A module-level value that linking could not work out, because it keeps few bodies."""
        key = (symbol.path, symbol.name)
        if key not in self.computed:
            self.computed[key] = otherwise  # one that needs itself
            pending, self.pending = self.pending, []
            try:
                found = self.evaluate(assigned, State({}), self.interp.run_module(symbol.path))
                self.computed[key] = otherwise if isinstance(found, (Free, Opaque)) else found
            except Ended:
                pass
            finally:
                self.pending = pending
        return self.computed[key]


_READ = "read from the environment"
_GIVEN = re.compile(r"no value is known for '(\w+)' of ([\w.]+)\(\)$")
"""A parameter of what nothing in the text calls: whoever runs the application decides."""
_NAMED = re.compile(r"environment \((\w+)\)|([\w.]+) has no default")


def unread(unknown: Unknown | Condition, name: str = "") -> Any:
    """What stands for a value that linking does not know, or for a condition that it does not settle."""
    given = _GIVEN.match(unknown.reason)
    if given is not None:
        return Setting(f"{given[2]}({given[1]})", MISSING, unknown.site)
    if "environment" in unknown.reason or "set when it runs" in unknown.reason:
        named = _NAMED.search(unknown.reason)
        variable, field = named.groups() if named is not None else (None, None)
        ships = None if unknown.reason.startswith(_READ) else MISSING  # nobody sets it: None to the code
        return Setting(variable or field or name or "a setting", ships, unknown.site)
    return Opaque(unknown.reason, unknown.site)


def _is_call_outside(value: Any) -> bool:
    """Whether linking only knows that a function outside of the codebase gave a value."""
    if isinstance(value, Instance) and isinstance(value.cls, External):
        return library.last(value.cls.name)[:1].islower()
    return isinstance(value, External) and value.name.endswith("()")
