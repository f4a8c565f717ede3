"""What is kept between runs: records, index and findings, in one file of the cache, with what they were made from."""
