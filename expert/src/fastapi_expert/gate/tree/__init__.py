"""What is checked: which files changed, on which lines, and a tree that holds the content to look at."""
