"""What Portico's services say to one another: events, topics, schemas and examples."""
