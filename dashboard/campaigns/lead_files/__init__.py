"""The people of a campaign from a file: what the file is, its table, its columns, and the numbers in it."""
