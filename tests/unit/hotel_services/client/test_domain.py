import pytest
from hotel_rules.errors import RuleError
from hotel_services.client.domain import email_key


def test_spellings_of_one_address_have_one_key_and_others_have_others() -> None:
    key = email_key("info@stra\u00dfe.example")
    assert email_key("INFO@xn--strae-oqa.example") == key
    assert email_key("info@strasse.example") != key
    assert len(key) == 64


def test_what_is_no_address_has_no_key() -> None:
    with pytest.raises(RuleError):
        email_key("nobody")
