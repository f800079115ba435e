"""The command line: parse, then import exactly one front end."""
