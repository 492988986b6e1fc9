"""How what is written is read aloud: tables and rules."""
