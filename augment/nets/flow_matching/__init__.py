"""Flow matching, in parts: the path from noise to data, and the solver that follows a velocity."""
