"""The control plane: clock, database and doors live only here."""
