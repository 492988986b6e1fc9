"""What a place has of its own: rules, groups, surroundings, words."""
