"""Floor 4: plan, run folder, stages, gates. Asks the registry for wings and engines by name."""
