"""The HTTP admin API of domain claims."""
