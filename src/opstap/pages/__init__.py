"""Browser pages of a cell: the protocol they speak and the server that serves them."""
