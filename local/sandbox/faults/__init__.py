"""What goes wrong at the providers, switched on by name: `docs/sandbox.md` tells each."""
