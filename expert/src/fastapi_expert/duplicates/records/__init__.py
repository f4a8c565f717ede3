"""What matching needs of a codebase, and no more: a linked codebase comes in, flat cacheable records go out."""
