"""How alike two functions or models are: records come in, weighted pairs and the families they form go out."""
