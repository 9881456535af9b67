"""What comes out of a fit: draws, verdict, tables, pictures, one page, the run folder."""
