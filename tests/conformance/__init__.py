"""What any node must do; it runs on firmware_sim here and may run on a real node."""
