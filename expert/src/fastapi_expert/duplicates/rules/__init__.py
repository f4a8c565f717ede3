"""The rules: records come in, findings with advice go out; a family of codes is one file, its pages beside it."""
