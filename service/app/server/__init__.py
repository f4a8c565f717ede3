"""The service as a process, and the commands that prepare it, examine it and look after it."""
