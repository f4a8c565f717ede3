"""How code finds its own routers while it runs: listings of folders and modules, entry points."""
