-- What a node said at its last hello that it held: true for a moment only, and asked by nobody.
ALTER TABLE node_live DROP COLUMN documents;
