"""`aim`: differentially private marginals, chosen one after another, and a graphical model."""
