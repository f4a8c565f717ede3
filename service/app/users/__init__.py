"""Users as others meet them: listed, shown, changed, given and refused access."""
