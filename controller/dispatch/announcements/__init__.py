"""What people do to a bài, from its first draft to its correction."""
