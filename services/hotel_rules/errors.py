"""What is raised where a value breaks a rule."""


class RuleError(ValueError):
    """A value breaks a rule; the message says what is expected and holds nothing of the value."""
