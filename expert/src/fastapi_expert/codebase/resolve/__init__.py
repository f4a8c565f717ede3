"""What a name or a module stands for: a dotted name as a file writes it comes in, file and definition go out."""
