"""What is approved becomes occurrences, programmes and deliveries."""
