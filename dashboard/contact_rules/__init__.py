"""Whether a person may be called: the do-not-call lists of each client and of the reseller."""
