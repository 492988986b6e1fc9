"""What people hand in and what they are shown: the inputs and the answers of the use cases."""
