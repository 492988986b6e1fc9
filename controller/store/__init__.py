"""All SQL: one file per kind of thing, one function per question."""
