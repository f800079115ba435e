"""The tools that come with the product, one file per family."""
