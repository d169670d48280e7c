"""What a provisioned user, group and membership are, and what may become of them."""
