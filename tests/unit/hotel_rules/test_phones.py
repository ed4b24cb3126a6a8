import pytest
from hotel_rules.errors import RuleError
from hotel_rules.phones import check_phone


@pytest.mark.parametrize(
    "text",
    [
        "+33 1 23 45 67 89",
        "+33 (0)6 12-34.56/78",
        "(555) 123-4567",
        "(0)30 901820",
        "0800/555 123",
        "5551234",
        "+1 (555) 123-4567",
        "+64 9 123 4567",
        "+44 20 7946 0958",
    ],
)
def test_numbers_are_kept_as_written(text: str) -> None:
    assert check_phone(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "123",
        "call me",
        "call 5551234",
        "+999 123456789",
        "+33 123",
        "+33 1 23 45 67 89 01 23 45",
        "+1 555",
        "5" * 16,
        "555\n1234567",
        "+",
        "()()()",
        "\u0661\u0662\u0663\u0664\u0665\u0666",
        "+" + "1" * 60,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(RuleError, match=r"such as \+33 1 23 45 67 89"):
        check_phone(text)
