"""Alarms: what went wrong in the installation, told to its people once an hour with the mend, and when it is over."""
