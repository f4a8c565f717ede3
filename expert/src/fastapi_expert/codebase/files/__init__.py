"""Which files a codebase has and what each says: a root comes in, facts by path go out, read or from the cache."""
