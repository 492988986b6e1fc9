"""What nodes said and what they left unsaid, until each delivery has its verdict."""
