import pytest
from hotel_rules.emails import canonical_email, check_email
from hotel_rules.errors import RuleError


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("jean@example.com", "JEAN@Example.COM"),
        ("zoe\u0308@example.com", "Zo\u00cb@example.com"),
        ("\u03c3\u03b1\u03c2@example.gr", "\u03a3\u0391\u03a3@example.gr"),
        ("info@stra\u00dfe.example", "info@xn--strae-oqa.example"),
        ("info@M\u00dcLLER.example", "info@xn--mller-kva.example"),
        ("info@\uff45\uff58\uff41\uff4d\uff50\uff4c\uff45.com", "info@example.com"),
        ("info@example\u3002com", "info@example.com"),
    ],
)
def test_spellings_of_one_address_are_equal(one: str, other: str) -> None:
    assert canonical_email(one) == canonical_email(other)
    assert (check_email(one), check_email(other)) == (one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("info@stra\u00dfe.example", "info@strasse.example"),
        ("info@\u03c3\u03b1\u03c2.example", "info@\u03c3\u03b1\u03c3.example"),
        ("stra\u00dfe@example.com", "strasse@example.com"),
        ("\ufb01n@example.com", "fin@example.com"),
        ("jean@example.com", "jean@example.org"),
        ("jean@example.com", "jean+1@example.com"),
        ("jean@example.com", "je.an@example.com"),
    ],
)
def test_addresses_of_different_people_differ(one: str, other: str) -> None:
    assert canonical_email(one) != canonical_email(other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "jean",
        "jean@",
        "@example.com",
        "jean@example",
        "jean@@example.com",
        "jean@exa mple.com",
        "jean@example..com",
        "jean\n@example.com",
        "jean@example.com\n",
        "j@" + "x" * 250 + ".com",
        "j" * 65 + "@example.com",
        '"jean v"@example.com',
        "jean@[192.0.2.1]",
        "jean.@example.com",
        "jean@-example.com",
        "jean@localhost",
        "jean@hotel.invalid",
        "\ud800@example.com",
        "jean@\u2603.\u2603",
    ],
)
def test_anything_else_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(RuleError) as caught:
        check_email(text)
    assert str(caught.value) == "must be an e-mail address such as jean@example.com"
    assert caught.value.__cause__ is None
