"""One room for each group of paths: each turns a request into one call of the façade."""
