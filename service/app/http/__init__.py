"""What any HTTP service needs: errors as problems, entity tags, cached JSON, pages, rate limits, OpenAPI."""
