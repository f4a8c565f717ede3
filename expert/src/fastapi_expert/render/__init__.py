"""What a person or a program reads: text for terminals, JSON by the contract, pages, and the formats of others."""
