"""For who sets a cell up: is the machine fit for it, do the files fit each other, what does the cell look like."""
