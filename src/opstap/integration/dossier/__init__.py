"""`opstap dossier`: drafts of what an employer must write before such a bench is used, from the cell's own settings."""
