"""The checks: a list of files comes in, findings go out; the project's own tools, and what no tool asks by default."""
