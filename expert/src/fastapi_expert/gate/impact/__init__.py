"""Which tests a change can affect: changed lines come in, test ids with their reasons go out."""
