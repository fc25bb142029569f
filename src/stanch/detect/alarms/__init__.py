"""Alarms: when the evidence for a change is enough, with a guarantee on how often it is not one."""
