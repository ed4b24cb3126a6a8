import pytest
from hotel_services.kit.http.fields import RequestModel
from hotel_services.shared.guests import Guests
from pydantic import ValidationError


class Party(RequestModel):
    guests: Guests


@pytest.mark.parametrize("number", ["2", "2.0", "2e0"])
def test_a_whole_number_may_be_written_with_a_point(number: str) -> None:
    assert Party.model_validate_json(f'{{"guests": {number}}}') == Party(guests=2)


@pytest.mark.parametrize("number", ["2.5", "21.0", "0.0", "-2.0", "1e400", '"2"', "true", "null", "[2]"])
def test_anything_else_is_no_number_of_guests(number: str) -> None:
    with pytest.raises(ValidationError):
        Party.model_validate_json(f'{{"guests": {number}}}')
