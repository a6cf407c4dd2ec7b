"""How large a file, its table and its cells may be."""

MB = 1024 * 1024
MOST_BYTES = 25 * MB
MOST_ROWS = 100_000
MOST_COLUMNS = 100
MOST_CELLS = 1_000  # of a row, before its empty ones at the end are left out
LONGEST_CELL = 2_000  # characters, of a cell that is used
LONGEST_LINE = 256 * 1024  # characters: a longer one is no row of people
HEAD = 200  # rows by which columns are guessed
