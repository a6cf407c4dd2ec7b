"""The live board, the panel of one call, and who else has it open."""
