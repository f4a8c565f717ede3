"""`expert agent`: a language model at work on the project, in an order and within limits that a program holds."""
