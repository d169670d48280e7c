"""Makes releases, and looks for known weaknesses in what they are made of."""
