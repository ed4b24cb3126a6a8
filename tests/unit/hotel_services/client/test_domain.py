import pytest
from hotel_services.client.domain import canonical_email, email_key
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("jean@example.com", "JEAN@Example.COM"),
        ("stra\u00dfe@example.com", "STRASSE@example.com"),
        ("zoe\u0308@example.com", "Zo\u00cb@example.com"),
        ("\uff4a\uff45\uff41\uff4e@example.com", "jean@example.com"),
        ("\ufb01n@example.com", "FIN@example.com"),
        ("\u03c3\u03b1\u03c2@example.gr", "\u03a3\u0391\u03a3@example.gr"),
    ],
)
def test_spellings_of_one_address_have_one_key(one: str, other: str) -> None:
    assert email_key(one) == email_key(other)


@pytest.mark.parametrize("other", ["jan@example.com", "jean@example.org", "jean+1@example.com"])
def test_other_addresses_have_other_keys(other: str) -> None:
    assert email_key(other) != email_key("jean@example.com")


@given(st.text(max_size=50))
def test_canonical_form_is_final(text: str) -> None:
    canonical = canonical_email(text)
    assert canonical_email(canonical) == canonical
