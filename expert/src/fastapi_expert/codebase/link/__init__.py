"""From facts and the route graph to an inventory: components, routes with their protection and tests, and problems."""
