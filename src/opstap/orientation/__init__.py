"""Meeting the job before day one: the cell as a scene for browsers and headsets, and the session in it."""
