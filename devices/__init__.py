"""What a node is and the language it speaks."""
