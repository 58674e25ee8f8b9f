"""Where the camera hangs: found with a printed board or markers, kept in a file, watched by what stands still."""
