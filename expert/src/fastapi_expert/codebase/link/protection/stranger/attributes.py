"""What a name after a dot stands for."""

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi_expert.codebase.interpret.attributes import as_member, default
from fastapi_expert.codebase.interpret.attributes import attribute as plain_attribute
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
    is_dict,
    is_list,
)
from fastapi_expert.codebase.link.protection import library
from fastapi_expert.codebase.link.protection.outcomes import State
from fastapi_expert.codebase.link.protection.stranger.names import unread
from fastapi_expert.codebase.link.protection.stranger.runtime import Ended, Following
from fastapi_expert.codebase.link.protection.values import (
    ABSENT,
    FOREIGN,
    FREE,
    Absent,
    Answer,
    AskedText,
    BoundMethod,
    Connection,
    Decided,
    Foreign,
    Free,
    OfRequest,
    Opaque,
    Present,
    Setting,
    is_plain,
)
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FieldFacts
from fastapi_expert.codebase.syntax.ir import Block, Stmt
from fastapi_expert.codebase.vocabulary import REQUESTS


class Attributes(Following):
    """What a name after a dot stands for."""

    def attribute(self, value: Any, name: str, site: Site, state: State) -> Any:
        """The attribute ``name`` of ``value``."""
        if isinstance(value, Uncalled):
            value = self.called(value, state)
        if isinstance(value, Unknown):
            return unread(value, name)
        if isinstance(value, (Absent, Foreign, Free, Opaque, Decided)):
            return ABSENT if isinstance(value, Decided) else FREE if isinstance(value, Present) else value
        if isinstance(value, Setting):
            return self._of_setting(value, name, site, state)
        if isinstance(value, Connection):
            return self._of_connection(value, name, site)
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
            if isinstance(value, FunctionValue) and name == "__code__":
                return plain_attribute(self.interp, value, name, site)
            known_one = self.overlay.get((id(value), name))
            if known_one is None and isinstance(value, Router) and isinstance(value.attributes.get(name), Instance):
                return value.attributes[name]
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

    def _of_connection(self, connection: Connection, name: str, site: Site) -> Any:
        part = connection.part
        if part == "state":
            self.reads_state = True
            return self.memory.state.get(name, Opaque(f"request.state.{name}", site))
        if part == "url":
            return self.request_path() if name == "path" else FREE
        if part == "client":
            return FOREIGN if name == "host" else FREE
        if part in ("app", "app.state"):
            return self._of_application(part, name, site)
        if part == "user":
            return Decided(False) if name == "is_authenticated" else ABSENT
        if part == "auth":
            return [] if name == "scopes" else ABSENT
        if part:
            return BoundMethod(connection, name)
        if name in ("headers", "cookies", "query_params", "session", "state", "url", "user", "auth", "scope"):
            if name in ("user", "auth"):
                self.looks_for(f"reads request.{name}", site)
            return Connection(name)
        if name in ("app", "client"):
            return Connection(name)
        if name == "method":
            return self.request_method()
        return BoundMethod(connection, name)

    def _of_application(self, part: str, name: str, site: Site) -> Any:
        """What `request.app` or its `state` has for ``name`` when it runs, where the text tells."""
        otherwise = Opaque(f"what {part}.{name} is when it runs", site)
        app = self.application
        if app is None:
            return otherwise
        if part == "app" and name == "state":
            return Connection("app.state")
        holder: Any = app if part == "app" else app.attributes.get("state")
        found: Any = holder.attributes.get(name, MISSING) if isinstance(holder, (Router, Instance)) else MISSING
        if found is None or isinstance(found, (bool, Unknown)):
            setting = self._assigned_by_module(app, holder, f"{app.name}{part.removeprefix('app')}.{name}")
            if isinstance(setting, Setting):
                return setting
        if isinstance(found, Unknown):
            return unread(found, name)
        if isinstance(found, bool):  # a flag that whoever makes the application gives it
            return Setting(f"{part}.{name}", found, app.site)
        if is_list(found) or is_dict(found):
            return FREE  # what is in it when it runs is data
        return otherwise if found is MISSING or found is None else found  # something may be put there later

    def _assigned_by_module(self, app: Router, holder: Any, target: str) -> Any:
        """What module level gives an attribute of an application: what decides there is told apart."""
        key = (app.site.path, target)
        facts = self.interp.files.get(app.site.path)
        if key not in self.computed and facts is not None:
            self.computed[key] = MISSING
            body = [one for one in facts.body if assigns(one, target)]
            overlay, pending, self.overlay, self.pending = self.overlay, self.pending, {}, []
            try:
                self.run(body, State({}), self.interp.run_module(app.site.path))
                found = self.overlay.get((id(holder), target.rpartition(".")[2]))
                self.computed[key] = found[1] if found is not None else MISSING
            except Ended:
                pass
            finally:
                self.overlay, self.pending = overlay, pending
        return self.computed.get(key, MISSING)

    def request_path(self) -> Any:
        self.is_specific = True
        return FREE if self.any_path else AskedText.of(self.asking, OfRequest.PATH)

    def request_method(self) -> Any:
        self.is_specific = True
        return FREE if self.any_path else AskedText.of(self.asking, OfRequest.METHOD)

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
            if (found is None or isinstance(found, bool)) and isinstance(instance.cls, ClassValue):
                found = self._as_it_runs(instance, instance.cls, name, found)
            return unread(found, name) if isinstance(found, Unknown) else found
        if isinstance(instance.cls, External):
            return BoundMethod(instance, name)
        found = self.class_attribute(instance.cls, name, instance, site, state)
        if found is not MISSING:
            return found
        getter = MISSING if name.startswith("__") else self._getter(instance, instance.cls, site, state)
        if isinstance(getter, FunctionValue):
            found = self.apply(getter, [name], {}, site, state)
            return Setting(f"{instance.cls.qualname}.{name}", found, site) if is_plain(found) else found
        if self.is_request(instance):
            return self._of_connection(Connection(), name, site)
        if any(isinstance(one, External) for one in self.lineage(instance.cls)):
            return BoundMethod(instance, name)
        return Opaque(f"{instance.cls.qualname} has no {name} in the text", site)

    def is_request(self, instance: Instance) -> bool:
        """Whether an object is of a class of the codebase that descends from the framework's request."""
        return isinstance(instance.cls, ClassValue) and any(self.descends(instance, name) for name in REQUESTS)

    def _getter(self, instance: Instance, cls: ClassValue, site: Site, state: State) -> Any:
        """The `__getattr__` of an object, by which it gives what it keeps elsewhere, as settings do."""
        return self.class_attribute(cls, "__getattr__", instance, site, state)

    def _as_it_runs(self, instance: Instance, cls: ClassValue, name: str, made: Any) -> Any:
        """An attribute that ``__init__`` sets to ``made``, where other methods of the object set it, too."""
        setting = self._methods_that_set(cls, name)
        if not setting:
            return made
        key = (id(instance), name)
        if key in self.known_attributes:
            return self.known_attributes[key][1]
        self.known_attributes[key] = (instance, made)
        where = Site(cls.path, 1)
        found: Any = made
        ran: set[str] = set()
        overlay, pending = dict(self.overlay), self.pending
        for method in self._called_when_made(cls):
            value = self.class_attribute(cls, method, instance, where, State({}))
            if isinstance(value, FunctionValue):
                self.outcomes(value, [], {}, where)
                ran |= {method, *self.names_of(value)}
        if (id(instance), name) in self.overlay:
            found = self.overlay[id(instance), name][1]
        self.overlay, self.pending = overlay, pending
        if not setting <= ran:
            found = Opaque(f"what {cls.qualname}.{name} is when it runs", Site(cls.path, self._line_of(cls)))
        self.known_attributes[key] = (instance, found)
        return found

    def names_of(self, function: FunctionValue) -> set[str]:
        """The last parts of the names in a function."""
        facts = self.names.function(function.path, function.qualname)
        return {name.rpartition(".")[2] for name in facts.names} if facts is not None else set()

    def _line_of(self, cls: ClassValue) -> int:
        facts = self.names.class_(cls.path, cls.qualname)
        return facts.line if facts is not None else 1

    def _methods_that_set(self, cls: ClassValue, name: str) -> set[str]:
        """The methods, but for those that make an object, that set its attribute ``name``."""
        key = (cls.path, cls.qualname, name)
        if key not in self.setters:
            found: set[str] = set()
            for qualname, body in self._methods(cls):
                method = qualname.rpartition(".")[2]
                if method not in _MAKING and name in attributes_set(body):
                    found.add(method)
            self.setters[key] = found
        return self.setters[key]

    def _called_when_made(self, cls: ClassValue) -> list[str]:
        """The methods of itself that an object calls without arguments while it is made."""
        found: list[str] = []
        for qualname, body in self._methods(cls):
            if qualname.rpartition(".")[2] in _MAKING:
                calls = [ir.match(one.value, ir.Call) for one in map(_evaluated, body) if one is not None]
                found += [
                    call.function.removeprefix("self.")
                    for call in calls
                    if call is not None
                    and isinstance(call.function, str)
                    and call.function.startswith("self.")
                    and not call.args
                    and not call.keywords
                ]
        return found

    def _methods(self, cls: ClassValue) -> Iterator[tuple[str, Block]]:
        """The methods of a class and of its ancestors that the text has, with their bodies."""
        for one in self.lineage(cls):
            facts = self.names.class_(one.path, one.qualname) if isinstance(one, ClassValue) else None
            if facts is None or not isinstance(one, ClassValue) or self.interp.sources is None:
                continue
            for qualname in facts.methods:
                body = self.interp.sources.body(one.path, qualname)
                if body:
                    yield qualname, body

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
                    is_value = not isinstance(found, (FunctionValue, Setting, BoundMethod))
                    if is_value and one is not cls and self._is_settings(cls):  # a part of the settings
                        return Setting(f"{cls.qualname}.{name}", MISSING if found is FREE else found, site)
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
            if self._is_settings(cls) or ir.reads_environment(field.default_expr):
                ships = value.default if isinstance(value, Setting) else value
                return Setting(f"{facts.name}.{name}", ships, where)
            if is_list(value) or is_dict(value) or isinstance(value, Instance):
                value = as_member(self.interp, cls, name, value)  # its parts are asked for, by `value` or by name
            return self._put_there_later(cls, field, body, where) if value is MISSING else value
        return MISSING

    def _put_there_later(self, cls: ClassValue, field: FieldFacts, scope: Scope, site: Site) -> Any:
        """What an attribute with an annotation alone is: an object of the class that it names, unless it is data."""
        annotation = field.annotation_expr if field.annotation_expr is not None else field.annotation
        if not isinstance(annotation, str) or self.classes.kind(cls.path, cls.qualname) is not None:
            return FREE
        key = (cls.path, f"{cls.qualname}.{field.name}")
        if key not in self.computed:
            self.computed[key] = FREE  # one that needs itself is not followed
            overlay, pending, self.overlay, self.pending = self.overlay, self.pending, {}, []
            try:
                self.computed[key] = self.promised(annotation, scope, site)
            except Ended:
                pass
            finally:
                self.overlay, self.pending = overlay, pending
        return self.computed[key]

    def _is_settings(self, cls: ClassValue) -> bool:
        if self.classes.kind(cls.path, cls.qualname) == "settings":
            return True
        return any(
            one.path and self.classes.kind(one.path, one.name) == "settings"
            for one in self.names.ancestors(cls.path, cls.qualname)
        )


_MAKING = ("__init__", "__post_init__", "__new__")


def _evaluated(statement: Stmt) -> ir.Evaluate | None:
    return ir.Evaluate._make(statement) if ir.tag(statement) == ir.Evaluate.TAG else None


def assigns(statement: Stmt, target: str) -> bool:
    """Whether a statement, or one in a block of it, binds ``target``."""
    if ir.tag(statement) == ir.Assign.TAG:
        return ir.Assign._make(statement).target == target
    return any(assigns(one, target) for block in ir.blocks(statement) for one in block)


def attributes_set(body: Iterable[Stmt]) -> set[str]:
    """The attributes of `self` and `cls` that a block sets."""
    found: set[str] = set()
    for one in body:
        if ir.tag(one) == ir.Assign.TAG:
            target = ir.Assign._make(one).target
            head, _, name = target.rpartition(".") if isinstance(target, str) else ("", "", "")
            if head in ("self", "cls"):
                found.add(name)
        for inner in ir.blocks(one):
            found |= attributes_set(inner)
    return found
