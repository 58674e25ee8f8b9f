"""Reports of a study: one page for an employer, details for a researcher, as a web page and as PDF."""
