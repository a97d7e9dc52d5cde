"""Use cases: load, decide with the domain, save, commit once."""
