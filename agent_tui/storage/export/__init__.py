"""A stored session in other forms: for reading, for other programs, and for being read in again."""
