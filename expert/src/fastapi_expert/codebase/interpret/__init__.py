"""Module level, executed abstractly: facts come in, the graph of applications and routers goes out, holes named."""
