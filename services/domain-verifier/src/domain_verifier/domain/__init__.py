"""What a claim is and how it changes: pure, the clock passed in, no DNS, no database."""
