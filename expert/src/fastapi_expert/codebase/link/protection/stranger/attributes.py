"""What a name after a dot stands for."""

from typing import Any

from fastapi_expert.codebase.interpret.attributes import attribute as plain_attribute
from fastapi_expert.codebase.interpret.attributes import default
from fastapi_expert.codebase.interpret.values import (
    MISSING,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    LambdaValue,
    Member,
    ModuleValue,
    Partial,
    PathValue,
    Router,
    Scope,
    Site,
    Uncalled,
    Unknown,
)
from fastapi_expert.codebase.link.protection import library
from fastapi_expert.codebase.link.protection.outcomes import State
from fastapi_expert.codebase.link.protection.stranger.names import reads_environment, unread
from fastapi_expert.codebase.link.protection.stranger.runtime import Following
from fastapi_expert.codebase.link.protection.values import (
    ABSENT,
    FREE,
    Absent,
    Answer,
    BoundMethod,
    Connection,
    Decided,
    Foreign,
    Free,
    Opaque,
    Setting,
    is_plain,
)


class Attributes(Following):
    """What a name after a dot stands for."""

    def attribute(self, value: Any, name: str, site: Site, state: State) -> Any:
        """The attribute ``name`` of ``value``."""
        if isinstance(value, Uncalled):
            value = self.called(value, state)
        if isinstance(value, Unknown):
            return unread(value, name)
        if isinstance(value, (Absent, Foreign, Free, Opaque, Decided)):
            return ABSENT if isinstance(value, Decided) else value
        if isinstance(value, Setting):
            return self._of_setting(value, name, site, state)
        if isinstance(value, Connection):
            return self._of_connection(value, name)
        if isinstance(value, Instance):
            return self._of_instance(value, name, site, state)
        if isinstance(value, ClassValue):
            found = self.class_attribute(value, name, None, site, state)
            return found if found is not MISSING else Opaque(f"{value.qualname} has no {name} in the text", site)
        if isinstance(value, BoundMethod) and value.name == "super":
            return self._of_super(value, name, site, state)
        if isinstance(value, Answer):
            return value.status if name == "status_code" else BoundMethod(value, name)
        if isinstance(value, (External, ModuleValue, Member)):
            found = plain_attribute(self.interp, value, name, site)
            if isinstance(found, Unknown):
                return unread(found, name)
            if isinstance(value, ModuleValue) and not value.place.endswith("/"):
                return self.of_module(found, name, Scope(value.place, {}))
            return found
        if isinstance(value, (Router, FunctionValue, Partial, LambdaValue, PathValue)):
            known_one = self.overlay.get((id(value), name))
            return known_one[1] if known_one is not None else Opaque(f"{name} of what is shared", site)
        return BoundMethod(value, name)

    def _of_setting(self, setting: Setting, name: str, site: Site, state: State) -> Any:
        default = setting.default
        if isinstance(default, (Instance, ClassValue)):
            inner = self.attribute(default, name, site, state)
            if isinstance(inner, (Setting, BoundMethod, FunctionValue)):
                return inner
            return Setting(f"{setting.name}.{name}", inner if is_plain(inner) else MISSING, setting.site)
        return BoundMethod(setting, name)

    def _of_connection(self, connection: Connection, name: str) -> Any:
        part = connection.part
        if part == "state":
            self.reads_state = True
            return self.memory.state.get(name, Opaque(f"request.state.{name}", Site("", 0)))
        if part == "url":
            return self.request_path() if name == "path" else FREE
        if part == "user":
            return Decided(False) if name == "is_authenticated" else ABSENT
        if part == "auth":
            return [] if name == "scopes" else ABSENT
        if part:
            return BoundMethod(connection, name)
        if name in ("headers", "cookies", "query_params", "session", "state", "url", "user", "auth", "scope"):
            if name in ("user", "auth"):
                self.saw_credentials = True
            return Connection(name)
        if name == "app":
            return Opaque("what the application holds when it runs", Site("", 0))
        if name == "method":
            return self.request_method()
        return BoundMethod(connection, name)

    def request_path(self) -> Any:
        self.is_specific = True
        return FREE if self.any_path else self.path

    def request_method(self) -> Any:
        self.is_specific = True
        return FREE if self.any_path else self.method

    def own_attribute(self, instance: Instance, name: str) -> Any:
        """The attribute of an object, its class's when it has none; None when neither has."""
        known_one = self.overlay.get((id(instance), name))
        if known_one is not None:
            return known_one[1]
        if name in instance.attributes:
            return instance.attributes[name]
        if isinstance(instance.cls, ClassValue):
            found = self.class_attribute(instance.cls, name, instance, instance.site, State({}))
            return None if found is MISSING else found
        return None

    def _of_instance(self, instance: Instance, name: str, site: Site, state: State) -> Any:
        known_one = self.overlay.get((id(instance), name))
        if known_one is not None:
            return known_one[1]
        is_settings = isinstance(instance.cls, ClassValue) and self._is_settings(instance.cls)
        if name in instance.attributes and not is_settings:
            found = instance.attributes[name]
            return unread(found, name) if isinstance(found, Unknown) else found
        if isinstance(instance.cls, External):
            return BoundMethod(instance, name)
        found = self.class_attribute(instance.cls, name, instance, site, state)
        if found is not MISSING:
            return found
        if any(isinstance(one, External) for one in self.lineage(instance.cls)):
            return BoundMethod(instance, name)
        return Opaque(f"{instance.cls.qualname} has no {name} in the text", site)

    def _of_super(self, bound: BoundMethod, name: str, site: Site, state: State) -> Any:
        receiver, cls = bound.receiver
        line = self.lineage(cls)[1:] if cls is not None else self._line(receiver)
        for one in line:
            if isinstance(one, ClassValue):
                found = self._own(one, name, receiver, site, state)
                if found is not MISSING:
                    return found
            else:
                return BoundMethod((receiver, one), f"super.{name}")
        return BoundMethod((receiver, External("builtins.object")), f"super.{name}")

    def descends(self, instance: Instance, name: str) -> bool:
        """Whether an object is of a class outside that has this name, or of one that descends from it."""
        return any(isinstance(one, External) and library.last(one.name) == name for one in self._line(instance))

    def _line(self, instance: Instance) -> list[ClassValue | External]:
        """The classes of an object, its own first."""
        return [instance.cls] if isinstance(instance.cls, External) else self.lineage(instance.cls)

    def class_attribute(self, cls: ClassValue, name: str, receiver: Any, site: Site, state: State) -> Any:
        for one in self.lineage(cls):
            if isinstance(one, ClassValue):
                found = self._own(one, name, receiver, site, state)
                if found is not MISSING:
                    return found
        return MISSING

    def _own(self, cls: ClassValue, name: str, receiver: Any, site: Site, state: State) -> Any:
        facts = self.names.class_(cls.path, cls.qualname)
        if facts is None:
            return MISSING
        body = Scope(cls.path, {}, cls.scope, cls)
        qualname = f"{facts.qualname}.{name}"
        if qualname in facts.methods:
            method = self.names.function(cls.path, qualname)
            decorators = method.decorators if method is not None else ()
            kinds = {one.rpartition(".")[2] for one in decorators if isinstance(one, str)}
            if "staticmethod" in kinds:
                return FunctionValue(cls.path, qualname, body)
            if "classmethod" in kinds:
                return FunctionValue(cls.path, qualname, body, cls)
            value = FunctionValue(cls.path, qualname, body, receiver)
            if receiver is not None and kinds & {"property", "cached_property", "computed_field"}:
                return self.apply(value, [], {}, site, state)
            return value
        for field in reversed(facts.fields):
            if field.name != name:
                continue
            where = Site(cls.path, field.line)
            value: Any = MISSING
            if field.default:
                value = default(self.interp, self.evaluate(field.default_expr, State({}), body), where)
                value = MISSING if isinstance(value, Unknown) and value.unset else value
            if self._is_settings(cls) or reads_environment(field.default_expr):
                ships = value.default if isinstance(value, Setting) else value
                return Setting(f"{facts.name}.{name}", ships, where)
            return FREE if value is MISSING else value
        return MISSING

    def _is_settings(self, cls: ClassValue) -> bool:
        if self.classes.kind(cls.path, cls.qualname) == "settings":
            return True
        return any(
            one.path and self.classes.kind(one.path, one.name) == "settings"
            for one in self.names.ancestors(cls.path, cls.qualname)
        )
