"""Sign-on."""
