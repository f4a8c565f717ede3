"""Posts: who may see which, how they are listed, read, counted, written."""
