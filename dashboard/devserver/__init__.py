"""Starting, watching and stopping the processes of Patchbay on one machine. Imports no app."""
