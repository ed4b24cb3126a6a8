"""What the operator asks the engines."""
