"""One file's text to its facts: source bytes come in, `FileFacts` go out; pure, and cached by content."""
