"""Test modules of both revisions: their tests, what each asserts, and which of them are the same test."""
