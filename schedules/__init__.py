"""What is to be said, where and when: pure rules."""
