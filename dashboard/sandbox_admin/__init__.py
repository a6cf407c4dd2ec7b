"""The page from which staff control the sandbox, where there is one."""
