"""What clients send and get, as Pydantic models; the rules of single fields."""
