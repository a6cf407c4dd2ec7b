"""Control of live calls: commands, what each model can carry out, and what became of them."""
