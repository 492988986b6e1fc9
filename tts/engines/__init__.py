"""Those who speak, behind one interface."""
