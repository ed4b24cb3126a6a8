"""The commands of `hotel`, one idea a module."""
