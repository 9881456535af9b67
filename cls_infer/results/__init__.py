"""What comes out of a fit: the tree of draws, the verdict on it, tables, pictures, one page, the run folder."""
