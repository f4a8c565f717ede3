"""How much of the routes is not known to be served, in one sentence: said first by everything that lists routes."""

from fastapi_expert.codebase.model import Inventory


def reach_note(inventory: Inventory) -> str:
    """Endpoints that no application is seen to serve and routes under a condition, counted; "" when there are none."""
    alone = [route for route in inventory.routes if route.reach == "unattached"]
    left_out = [route for route in alone if not route.app.startswith("app:")]
    conditional = sum(route.reach == "conditional" for route in inventory.routes)
    parts: list[str] = []
    if left_out:
        endpoints = len({route.endpoint or (route.path_file, route.line) for route in left_out})
        routers = len({route.app for route in left_out})
        parts.append(
            f"{counted(endpoints, 'endpoint')} on {counted(routers, 'router')} that no application is seen to include"
        )
    if len(alone) > len(left_out):
        parts.append(f"{counted(len(alone) - len(left_out), 'route')} whose path is not wholly known")
    if conditional:
        parts.append(f"{counted(conditional, 'route')} under a condition that the text does not settle")
    return "; ".join(parts)


def counted(count: int, thing: str) -> str:
    """`1 route`, `2 routes`."""
    return f"{count:,} {thing}{'s' * (count != 1)}"
