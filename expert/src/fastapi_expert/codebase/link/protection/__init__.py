"""What a request without credentials meets: a route comes in, `required`, `optional`, `unknown` or `none` goes out.

The bodies of middleware, dependencies, decorators and endpoints are followed as they would run for a stranger: no
header, cookie or query value is there that the code asks for, what the caller could send otherwise (path, body) may be
anything valid. A route is protected when every way through ends in a refusal that the missing credentials caused.
"""
