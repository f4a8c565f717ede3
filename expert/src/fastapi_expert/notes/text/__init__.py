"""A note as text: front matter, observations, relations, names and dates; text in, text or plain data out."""
