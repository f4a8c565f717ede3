"""Calls: what is called, objects that are made, and schemes that refuse."""

from typing import Any

from fastapi_expert.codebase.interpret.values import (
    ClassValue,
    Dependency,
    External,
    FunctionValue,
    Instance,
    LambdaValue,
    Partial,
    Site,
    Uncalled,
)
from fastapi_expert.codebase.link.protection import library
from fastapi_expert.codebase.link.protection.outcomes import Outcome, State, known, truth
from fastapi_expert.codebase.link.protection.stranger.runtime import Ended, Following
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
    MadeClass,
    Native,
    Opaque,
    Passed,
    Setting,
    class_name,
    derived,
)
from fastapi_expert.codebase.syntax.facts import FieldFacts
from fastapi_expert.codebase.vocabulary import REFUSING_STATUSES


class Calls(Following):
    """Calls: what is called, objects that are made, and schemes that refuse."""

    def called(self, unread: Uncalled, state: State) -> Any:
        """What a call gives that linking did not follow, because it keeps few bodies."""
        return self.apply(unread.function, list(unread.args), unread.keywords, unread.site, state)

    def apply(self, function: Any, args: list[Any], keywords: dict[str, Any], site: Site, state: State) -> Any:
        """The value of a call."""
        if isinstance(function, Uncalled):
            function = self.called(function, state)
        if isinstance(function, FunctionValue):
            if not self.is_worth(function, args, keywords):
                name = function.qualname.rpartition(".")[2]
                return derived(*args, *keywords.values()) or Opaque(f"what {name}() gives", site)
            ends = self.outcomes(function, args, keywords, site)
            named = function.qualname
            ends = [
                one if one.kind != "refuse" else one._replace(trail=((site, f"calls {named}"), *one.trail))
                for one in ends
            ]
            return self.resume(ends, state)
        if isinstance(function, Partial):
            return self.apply(
                function.function, [*function.args, *args], {**function.keywords, **keywords}, site, state
            )
        if isinstance(function, LambdaValue):
            names = dict(zip([name for name, _, _ in function.params], args, strict=False)) | keywords
            return self.evaluate(function.body, State(names, state.assumptions, state.credentials), function.scope)
        if isinstance(function, ClassValue):
            return self.instantiate(function, args, keywords, site, state)
        if isinstance(function, MadeClass):
            return self._make(function, args, keywords, site, state)
        if isinstance(function, External):
            return self.call_outside(function, args, keywords, site, state)
        if isinstance(function, Native):
            return self.call_native(function, args, site, state)
        if isinstance(function, BoundMethod):
            return self.call_method(function, args, keywords, site, state)
        if isinstance(function, Instance):
            return self._call_instance(function, args, keywords, site, state)
        if isinstance(function, Answer):
            return self.sent(function, site, state)
        if isinstance(function, (Absent, Foreign)):
            self.doubt(state, site)
            return ABSENT
        if isinstance(function, (Opaque, Free)) and len(args) == 1 and isinstance(args[0], FunctionValue):
            return args[0]  # a decorator that cannot be read gives back what it is given
        if isinstance(function, Opaque):
            return self.unread_call(function.reason, args, keywords, site, state)
        if isinstance(function, Setting):
            return FREE  # a maker of sessions that was made with it: what these give is data
        return derived(function, *args, *keywords.values()) or Opaque("calls what is not known", site)

    def is_worth(self, function: FunctionValue, args: list[Any], keywords: dict[str, Any]) -> bool:
        """Whether what a function does can matter: it is given something that tells of the caller, or it refuses."""
        if not self.in_body:
            return True
        telling = (Connection, Absent, Foreign, Decided, Setting, FunctionValue, Native, Passed, Dependency, ClassValue)
        given = [*args, *keywords.values()]
        if any(isinstance(one, telling) for one in given) or function.receiver is not None:
            return True
        if any(isinstance(one, (list, tuple, dict, Instance)) for one in given):
            return True
        if any(library.status_of(one) in REFUSING_STATUSES for one in given):
            return True
        return self.may_refuse(function.path, function.qualname) or not given

    def may_refuse(self, path: str, qualname: str) -> bool:
        """Whether a function or one that it names speaks of refusing; overridden where that is remembered."""
        return True

    def instantiate(self, cls: ClassValue, args: list[Any], keywords: dict[str, Any], site: Site, state: State) -> Any:
        """An object of a class of the codebase."""
        line = self.lineage(cls)
        outside = [one for one in line if isinstance(one, External)]
        if any(library.is_response(one.name) for one in outside):
            return library.answer(outside[0].name, args, keywords, site)
        instance = Instance(cls, site)
        init = self.class_attribute(cls, "__init__", instance, site, state)
        if isinstance(init, FunctionValue):
            self.resume(self.outcomes(init, args, keywords, site), state)
            for key, (owner, value) in list(self.overlay.items()):
                if owner is instance:
                    instance.attributes[key[1]] = value
                    del self.overlay[key]
        elif any(library.is_exception(one.name) for one in outside):
            base = next(one for one in outside if library.is_exception(one.name))
            instance.attributes.update(library.exception(base, args, keywords, site).attributes)
            self._class_status(cls, instance, given=bool(args) or "status_code" in keywords)
        else:
            facts = self.names.class_(cls.path, cls.qualname)
            takes_them = facts is not None and (
                facts.decorators or not outside or self.descends(instance, "NamedTuple")
            )
            fields = [field.name for field in facts.fields if field.annotation] if takes_them and facts else []
            instance.attributes.update(zip(fields, args, strict=False))
            instance.attributes.update(keywords)
            is_checked = any(library.last(one.name) in ("BaseModel", "SQLModel") for one in outside)
            if is_checked and facts is not None and any(_refuses_none(one, keywords) for one in facts.fields):
                self.doubt(state, site)
        return instance

    def _make(self, cls: MadeClass, args: list[Any], keywords: dict[str, Any], site: Site, state: State) -> Any:
        """An object of a class that `type(name, bases, names)` made."""
        init = cls.names.get("__init__")
        if not isinstance(init, FunctionValue) or not isinstance(cls.base, (ClassValue, External)):
            return self.apply(cls.base, args, keywords, site, state)
        instance = Instance(cls.base, site)
        self.made[id(instance)] = instance
        bound = FunctionValue(init.path, init.qualname, init.scope, instance)
        self.resume(self.outcomes(bound, args, keywords, site), state)
        return instance

    def _class_status(self, cls: ClassValue, instance: Instance, *, given: bool) -> None:
        """A status that the class itself says, where raising it gives none."""
        if not given or library.status_of(instance.attributes.get("status_code")) is None:
            instance.attributes.pop("status_code", None)

    def _call_instance(
        self, instance: Instance, args: list[Any], keywords: dict[str, Any], site: Site, state: State
    ) -> Any:
        if isinstance(instance.cls, ClassValue):
            method = self.class_attribute(instance.cls, "__call__", instance, site, state)
            if isinstance(method, FunctionValue):
                return self.apply(method, args, keywords, site, state)
        name = self.scheme_of(instance)
        if name:
            return self.scheme(instance, name, site, state)
        if isinstance(instance.cls, External) and len(args) == 1 and isinstance(args[0], (FunctionValue, ClassValue)):
            return args[0]  # a decorator from outside gives back what it is given
        return self.unread_call(library.last(class_name(instance)), args, keywords, site, state)

    def scheme_of(self, instance: Instance) -> str:
        """The name of the security scheme that an object is; "" when it is another thing."""
        line = [instance.cls] if isinstance(instance.cls, External) else self.lineage(instance.cls)
        for one in line:
            if isinstance(one, External) and library.is_scheme(one.name):
                return library.last(one.name)
        return ""

    def scheme(self, instance: Instance, name: str, site: Site, state: State) -> Any:
        """What a scheme gives a stranger: a refusal, or None without auto_error."""
        self.looks_for(f"security scheme {name}", site)
        auto_error = self.own_attribute(instance, "auto_error")
        decision = known(True) if auto_error is None else truth(auto_error)
        if decision.value is False:
            return ABSENT
        refusal = Outcome(
            "refuse", library.exception(External("fastapi.HTTPException"), [401], {}, site), site, (), True,
            ((site, f"security scheme {name}"),),
        )  # fmt: skip
        if decision.value:
            self.throw(refusal, state)
            raise Ended
        self.throw(refusal._replace(assumptions=decision.assumptions(True)), state)
        state.assumptions = (*state.assumptions, *decision.assumptions(False))
        return ABSENT


def _refuses_none(field: FieldFacts, given: dict[str, Any]) -> bool:
    """Whether a field of a model may not be None, as what it is given is where a credential is missing."""
    value = given.get(field.name)
    may_be_none = any(word in field.annotation for word in ("None", "Optional", "Any"))
    return isinstance(value, Absent) and value.instead is None and bool(field.annotation) and not may_be_none
