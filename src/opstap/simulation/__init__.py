"""The simulated devices and the simulated person."""
