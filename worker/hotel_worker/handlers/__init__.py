"""What each task of the process does: one plain function a topic, grouped by what it talks to.

A handler takes the services, the task, and the process variables it reads, by name; it
returns the variables to set. Each may be run any number of times for one task.
"""
