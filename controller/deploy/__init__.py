"""Starting what stands beside the controller."""
