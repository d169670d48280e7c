"""Small parts that every Portico service calls; none of them calls a service."""
