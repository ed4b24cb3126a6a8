"""Parts of a person's name: which are valid."""

_CONTROL = r"\u0000-\u001f\u007f-\u009f"

# Unicode's Default_Ignorable_Code_Point as far as four digits go: nothing is shown for these. With ranges
# alone, so that Rust's, Python's and JavaScript's regular expressions agree.
_INVISIBLE = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    r"\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
)

MAX_NAME_LENGTH = 100
NAME_PATTERN = rf"^[^{_CONTROL}]*[^{_CONTROL}{_INVISIBLE}\s][^{_CONTROL}]*$"
"""At least one character that somebody sees, and none that a terminal obeys."""
