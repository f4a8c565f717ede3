"""Ways to register routes, one program each: what is read from its text is what the running application serves."""

from pathlib import Path

import pytest

from .projects import read, running_table, table

PROGRAMS: dict[str, dict[str, str]] = {
    "modules of packages below a package": {
        "main.py": """
        from fastapi import APIRouter, FastAPI
        import pkgutil, importlib
        import parts
        app = FastAPI()
        for _, name, is_pkg in pkgutil.walk_packages(parts.__path__, parts.__name__ + '.'):
            if is_pkg: continue
            m = importlib.import_module(name)
            if hasattr(m, 'router'):
                app.include_router(m.router)
    """,
        "parts/__init__.py": """

    """,
        "parts/a.py": """
        from fastapi import APIRouter
        router = APIRouter(prefix='/a')
        @router.get('/x')
        def x(): ...
    """,
        "parts/deep/__init__.py": """

    """,
        "parts/deep/b.py": """
        from fastapi import APIRouter
        router = APIRouter(prefix='/b')
        @router.get('/x')
        def x(): ...
    """,
    },
    "os.scandir": {
        "main.py": """
        from fastapi import APIRouter, FastAPI
        import os, importlib
        app = FastAPI()
        here = os.path.dirname(os.path.abspath(__file__))
        with os.scandir(os.path.join(here, 'parts')) as it:
            for e in sorted(it, key=lambda e: e.name):
                if e.is_file() and e.name.endswith('.py') and not e.name.startswith('_'):
                    app.include_router(importlib.import_module(f'parts.{e.name[:-3]}').router)
    """,
        "parts/__init__.py": """

    """,
        "parts/a.py": """
        from fastapi import APIRouter
        router = APIRouter(prefix='/a')
        @router.get('/x')
        def x(): ...
    """,
        "parts/b.py": """
        from fastapi import APIRouter
        router = APIRouter(prefix='/b')
        @router.get('/x')
        def x(): ...
    """,
    },
    "a module by its file": {
        "main.py": """
        from fastapi import APIRouter, FastAPI
        import importlib.util
        from pathlib import Path
        app = FastAPI()
        for path in sorted((Path(__file__).parent / 'plug').glob('*.py')):
            spec = importlib.util.spec_from_file_location(path.stem, path)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            app.include_router(module.router)
    """,
        "plug/a.py": """
        from fastapi import APIRouter
        router = APIRouter(prefix='/a')
        @router.get('/x')
        def x(): ...
    """,
        "plug/b.py": """
        from fastapi import APIRouter
        router = APIRouter(prefix='/b')
        @router.get('/x')
        def x(): ...
    """,
    },
    "a class decorator that makes a router of marked methods": {
        "main.py": """
        from fastapi import APIRouter, FastAPI

        def controller(prefix):
            def wrap(cls):
                router = APIRouter(prefix=prefix, tags=[cls.__name__])
                obj = cls()
                for name, fn in cls.__dict__.items():
                    info = getattr(fn, '__route__', None)
                    if info:
                        verb, path = info
                        router.add_api_route(path, getattr(obj, name), methods=[verb.upper()])
                cls.router = router
                CONTROLLERS.append(cls)
                return cls
            return wrap
        CONTROLLERS = []
        def on(verb, path=''):
            def mark(fn):
                fn.__route__ = (verb, path)
                return fn
            return mark
        @controller('/cats')
        class Cats:
            @on('get')
            def all(self): ...
            @on('delete', '/{id}')
            async def drop(self, id: int): ...
        @controller('/dogs')
        class Dogs:
            @on('post', '/new')
            def new(self): ...
        app = FastAPI()
        for c in CONTROLLERS:
            app.include_router(c.router)
    """,
    },
    "a metaclass that keeps a registry": {
        "main.py": """
        from fastapi import APIRouter, FastAPI

        class Meta(type):
            registry = []
            def __new__(mcs, name, bases, ns):
                cls = super().__new__(mcs, name, bases, ns)
                if bases:
                    mcs.registry.append(cls)
                return cls
        class View(metaclass=Meta):
            path = ''
            def get(self): ...
        class One(View):
            path = '/one'
        class Two(View):
            path = '/two'
        app = FastAPI()
        for cls in Meta.registry:
            app.add_api_route(cls.path, cls().get)
    """,
    },
    "a metaclass that makes one object": {
        "main.py": """
        from fastapi import APIRouter, FastAPI

        class Singleton(type):
            _instances = {}
            def __call__(cls, *args, **kwargs):
                if cls not in cls._instances:
                    cls._instances[cls] = super().__call__(*args, **kwargs)
                return cls._instances[cls]
        class Server(metaclass=Singleton):
            def __init__(self):
                self.app = FastAPI()
            def route(self, path):
                return self.app.get(path)
        @Server().route('/a')
        def a(): ...
        @Server().route('/b')
        def b(): ...
        app = Server().app
    """,
    },
    "globals()": {
        "main.py": """
        from fastapi import APIRouter, FastAPI

        a_router = APIRouter(prefix='/a')
        b_router = APIRouter(prefix='/b')
        @a_router.get('/1')
        def one(): ...
        @b_router.get('/2')
        def two(): ...
        app = FastAPI()
        for name, value in list(globals().items()):
            if name.endswith('_router'):
                app.include_router(value)
    """,
    },
    "classes of this module": {
        "main.py": """
        from fastapi import APIRouter, FastAPI

        import sys, inspect
        class A:
            prefix = '/a'
            def get(self): ...
        class B:
            prefix = '/b'
            def get(self): ...
        app = FastAPI()
        for name, cls in inspect.getmembers(sys.modules[__name__], inspect.isclass):
            if cls.__module__ == __name__:
                app.add_api_route(cls.prefix, cls().get)
    """,
    },
    "names in __all__": {
        "main.py": """
        from fastapi import APIRouter, FastAPI
        import parts
        app = FastAPI()
        for name in parts.__all__:
            app.include_router(getattr(parts, name).router)
    """,
        "parts/__init__.py": """
        from . import a, b
        __all__ = ['a', 'b']
    """,
        "parts/a.py": """
        from fastapi import APIRouter
        router = APIRouter(prefix='/a')
        @router.get('/x')
        def x(): ...
    """,
        "parts/b.py": """
        from fastapi import APIRouter
        router = APIRouter(prefix='/b')
        @router.get('/x')
        def x(): ...
    """,
    },
    "reduce": {
        "main.py": """
        from fastapi import APIRouter, FastAPI

        from functools import reduce
        r1 = APIRouter(prefix='/1')
        @r1.get('/leaf')
        def leaf(): ...
        def nest(inner, prefix):
            outer = APIRouter(prefix=prefix)
            outer.include_router(inner)
            return outer
        app = FastAPI()
        app.include_router(reduce(nest, ['/2', '/3'], r1))
    """,
    },
    "attrgetter and itemgetter": {
        "main.py": """
        from fastapi import APIRouter, FastAPI

        from operator import attrgetter, itemgetter, methodcaller
        class Box:
            def __init__(self, n): self.router = APIRouter(prefix=f'/{n}'); self.router.get('/x')(self.x)
            def x(self): ...
        app = FastAPI()
        for r in map(attrgetter('router'), [Box(1), Box(2)]):
            app.include_router(r)
        for path in map(itemgetter('path'), [{'path': '/p'}, {'path': '/q'}]):
            app.get(path)(lambda: 1)
    """,
    },
    "itertools": {
        "main.py": """
        from fastapi import APIRouter, FastAPI

        from itertools import groupby, accumulate, repeat, islice, count, zip_longest, starmap
        ROWS = [('a', '/1'), ('a', '/2'), ('b', '/3')]
        app = FastAPI()
        for key, group in groupby(ROWS, key=lambda row: row[0]):
            r = APIRouter(prefix='/' + key)
            for _, path in group:
                r.add_api_route(path, lambda: 1)
            app.include_router(r)
        for path in accumulate(['/x', '/y'], lambda a, b: a + b):
            app.add_api_route(path, lambda: 1)
        for i in islice(count(1), 2):
            app.add_api_route(f'/n{i}', lambda: 1)
        list(starmap(app.add_api_route, [('/s1', lambda: 1), ('/s2', lambda: 2)]))
    """,
    },
    "named tuples and deques": {
        "main.py": """
        from fastapi import APIRouter, FastAPI

        from collections import ChainMap, OrderedDict, namedtuple, Counter, deque
        base = {'a': '/a'}
        extra = {'b': '/b'}
        app = FastAPI()
        for k, v in {**base, **extra}.items():
            app.add_api_route(v, lambda: 1)
        for k, v in (base | {'c': '/c'}).items():
            app.add_api_route('/m' + v, lambda: 1)
        Spec = namedtuple('Spec', 'path verb')
        for spec in [Spec('/n1', 'GET'), Spec(path='/n2', verb='PUT')]:
            app.add_api_route(spec.path, lambda: 1, methods=[spec.verb])
        todo = deque(['/d1', '/d2'])
        while todo:
            app.add_api_route(todo.popleft(), lambda: 1)
    """,
    },
    "a generic CRUD class": {
        "main.py": """
        from fastapi import APIRouter, FastAPI

        from typing import Generic, TypeVar, get_args
        from pydantic import BaseModel
        T = TypeVar('T')
        class Item(BaseModel): ...
        class User(BaseModel): ...
        class CRUD(Generic[T]):
            model = None
            def __init__(self):
                self.router = APIRouter(prefix=f'/{self.model.__name__.lower()}s')
                self.router.add_api_route('', self.every, methods=['GET'])
                for verb in self.verbs():
                    self.router.add_api_route('/{id}', getattr(self, verb), methods=[verb])
            def verbs(self): return ['put']
            def every(self): ...
            def put(self, id: int): ...
            def delete(self, id: int): ...
        class Items(CRUD[Item]):
            model = Item
        class Users(CRUD[User]):
            model = User
            def verbs(self): return [*super().verbs(), 'delete']
        app = FastAPI()
        [app.include_router(c().router) for c in (Items, Users)]
    """,
    },
    "mix-ins that call super()": {
        "main.py": """
        from fastapi import APIRouter, FastAPI

        class Base:
            def __init__(self, prefix):
                self.router = APIRouter(prefix=prefix)
                self.register()
            def register(self): ...
        class ListMixin:
            def register(self):
                self.router.get('/')(self.list_)
                super().register()
            def list_(self): ...
        class MakeMixin:
            def register(self):
                self.router.post('/')(self.make)
                super().register()
            def make(self): ...
        class Things(ListMixin, MakeMixin, Base): ...
        app = FastAPI()
        app.include_router(Things('/things').router)
    """,
    },
    "a cached property": {
        "main.py": """
        from fastapi import APIRouter, FastAPI

        from functools import cached_property
        class Svc:
            def __init__(self, name): self.name = name
            @cached_property
            def router(self):
                r = APIRouter(prefix='/' + self.name)
                r.get('/x')(self.x)
                return r
            def x(self): ...
        s = Svc('svc')
        @s.router.post('/y')
        def y(): ...
        app = FastAPI()
        app.include_router(s.router)
    """,
    },
    "__call__, __getattr__ and __getitem__": {
        "main.py": """
        from fastapi import APIRouter, FastAPI

        class Api:
            def __init__(self, app): self.app = app
            def __getattr__(self, name):
                def register(path):
                    return self.app.api_route(path, methods=[name.upper()])
                return register
            def __call__(self, path): return self.app.get(path)
            def __getitem__(self, key): return self.app.post('/' + key)
        app = FastAPI()
        api = Api(app)
        @api.put('/a')
        def a(): ...
        @api('/b')
        def b(): ...
        @api['c']
        def c(): ...
    """,
    },
    "__iter__, __len__ and __contains__": {
        "main.py": """
        from fastapi import APIRouter, FastAPI

        class Registry:
            def __init__(self): self.items = []
            def add(self, r): self.items.append(r); return r
            def __iter__(self): return iter(self.items)
            def __len__(self): return len(self.items)
            def __contains__(self, r): return r in self.items
        reg = Registry()
        r1 = reg.add(APIRouter(prefix='/1'))
        @r1.get('/x')
        def x(): ...
        app = FastAPI()
        for r in reg:
            app.include_router(r)
        if len(reg) == 1 and reg:
            app.get('/one')(lambda: 1)
    """,
    },
    "yield from": {
        "main.py": """
        from fastapi import APIRouter, FastAPI

        def inner():
            yield '/a'
            yield '/b'
        def outer():
            yield from inner()
            yield '/c'
            for n in range(2):
                if n: yield f'/n{n}'
        app = FastAPI()
        for path in outer(): app.add_api_route(path, lambda: 1)
        first, *rest = outer()
        app.add_api_route('/first' + first, lambda: 1)
    """,
    },
    "an exception that a caller catches": {
        "main.py": """
        from fastapi import APIRouter, FastAPI

        class Skip(Exception): ...
        app = FastAPI()
        def check(n):
            if n == 2: raise Skip
            return n
        for n in (1, 2, 3):
            try:
                value = check(n)
            except Skip:
                app.get(f'/skipped{n}')(lambda: 1)
                continue
            else:
                app.get(f'/ok{value}')(lambda: 1)
            finally:
                app.get(f'/fin{n}')(lambda: 1)
    """,
    },
    "else of a loop": {
        "main.py": """
        from fastapi import APIRouter, FastAPI

        app = FastAPI()
        for n in (1, 2):
            if n == 5: break
        else:
            app.get('/else')(lambda: 1)
        n = 3
        while True:
            n -= 1
            if n == 1: continue
            if n <= 0: break
            app.get(f'/w{n}')(lambda: 1)
        else:
            app.get('/never')(lambda: 1)
    """,
    },
    "a builder that keeps lambdas": {
        "main.py": """
        from fastapi import APIRouter, FastAPI

        class Builder:
            def __init__(self): self._app = FastAPI(); self._steps = []
            def with_router(self, r, **kw): self._steps.append(lambda app: app.include_router(r, **kw)); return self
            def when(self, flag, r): return self.with_router(r) if flag else self
            def build(self):
                for step in self._steps: step(self._app)
                return self._app
        r1, r2, r3 = (APIRouter(prefix=f'/{n}') for n in 'abc')
        for r in (r1, r2, r3): r.get('/x')(lambda: 1)
        app = Builder().with_router(r1, prefix='/v').when(False, r2).when(True, r3).build()
    """,
    },
    "a factory of applications": {
        "main.py": """
        from fastapi import APIRouter, FastAPI

        def create(prefix='/in', *, extra=None):
            sub = FastAPI()
            @sub.get(prefix + '/x')
            def x(): ...
            for path in extra or (): sub.get(path)(lambda: 1)
            return sub
        app = FastAPI()
        app.mount('/one', create())
        app.mount('/two', create('/deep', extra=['/e']))
    """,
    },
    "a cbv decorator": {
        "main.py": """
        from fastapi import APIRouter, FastAPI

        import inspect
        from typing import get_type_hints
        def cbv(router):
            def deco(cls):
                members = inspect.getmembers(cls, inspect.isfunction)
                functions = {f for _, f in members}
                mine = [r for r in router.routes if r.endpoint in functions]
                inner = APIRouter()
                for route in mine:
                    router.routes.remove(route)
                    route.path = route.path.removeprefix(router.prefix)
                    inner.routes.append(route)
                router.include_router(inner)
                return cls
            return deco
        router = APIRouter(prefix='/v')
        @cbv(router)
        class V:
            @router.get('/a')
            def a(self=None): ...
            @router.post('/b')
            def b(self=None): ...
        @router.get('/alone')
        def alone(): ...
        app = FastAPI()
        app.include_router(router)
    """,
    },
    "auto()": {
        "main.py": """
        from fastapi import APIRouter, FastAPI

        from enum import Enum, auto, IntEnum
        class Kind(Enum):
            REST = auto()
            SOCKET = auto()
        class N(IntEnum):
            A = 1
            B = 2
        app = FastAPI()
        for kind in Kind:
            if kind is Kind.REST: app.get('/' + kind.name.lower())(lambda: 1)
            elif kind == Kind.SOCKET: app.post('/' + kind.name.lower() + str(kind.value))(lambda: 1)
        for n in N:
            if n > 1: app.get(f'/n{n.value}')(lambda: 1)
        if Kind.REST in (Kind.REST, Kind.SOCKET): app.get('/in')(lambda: 1)
        app.get('/' + Kind['REST'].name)(lambda: 1)
        app.get('/members/' + '-'.join(Kind.__members__))(lambda: 1)
    """,
    },
}


@pytest.mark.parametrize("idiom", PROGRAMS)
def test_what_is_read_is_what_runs(idiom: str, tmp_path: Path) -> None:
    codebase = read(tmp_path, PROGRAMS[idiom])
    running = running_table(tmp_path, "main:app")
    assert table(codebase) == running
    assert running


def test_a_text_is_not_formatted_from_what_the_interpreter_has_for_an_object(tmp_path: Path) -> None:
    """Objects that hold one another many times over have no text that we could tell, and would be a long one."""
    program = """
        from fastapi import APIRouter, FastAPI

        class Node:
            def __init__(self, *below):
                self.below = below

        node = Node()
        for _ in range(60):
            node = Node(node, node)

        app = FastAPI()
        known = APIRouter(prefix="/%s/%d" % ("a", 1))
        unknown = APIRouter(prefix="/%s" % node)

        @known.get("/x")
        def x(): ...

        @unknown.get("/y")
        def y(): ...

        app.include_router(known)
        app.include_router(unknown)
    """
    codebase = read(tmp_path, {"main.py": program})
    assert ("GET", "/a/1/x") in {(row[0], row[1]) for row in table(codebase)}
    assert [route.path for route in codebase.inventory.routes if route.reach == "unattached"]
