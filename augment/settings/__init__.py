"""What a user may settle once: one tree, from which flags, environment, file and schema follow."""
