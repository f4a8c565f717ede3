"""The note tools as clients see them: arguments come in, text or a JSON object goes out."""
