"""Opstap: the library of the assistance cell. Imports no ROS."""
