"""The do-not-call lists of single campaigns, besides those of their client and of the reseller."""
