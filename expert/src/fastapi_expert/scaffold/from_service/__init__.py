"""The template of `expert new`, made of the tested service: names become blanks, its example can be cut out."""
