"""PostgreSQL, Kafka and all services on one machine without Docker."""
