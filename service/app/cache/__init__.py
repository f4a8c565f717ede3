"""What processes share: cached values kept right across workers, and the Redis client behind them."""
