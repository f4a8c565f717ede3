"""An addition carried out: in a copy first, with proofs that it works, then all of it at once or none of it."""
