"""What `make` runs: set-up, serving, testing. Standard library only, so that it starts bare."""
