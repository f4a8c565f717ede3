"""What a project's most complete resource tells of its team's way of writing one."""
