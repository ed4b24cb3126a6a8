import datetime as dt

import pytest
from hotel_rules.days import DEFAULT_TIME_ZONE, time_zone, today
from hotel_rules.errors import RuleError

NOON_IN_LONDON = dt.datetime(2027, 1, 31, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        (DEFAULT_TIME_ZONE, dt.date(2027, 1, 31)),
        ("Pacific/Auckland", dt.date(2027, 2, 1)),
        ("Pacific/Pago_Pago", dt.date(2027, 1, 31)),
    ],
)
def test_day_is_the_one_where_the_hotel_is(zone: str, day: dt.date) -> None:
    assert today(time_zone(zone), NOON_IN_LONDON) == day


@pytest.mark.parametrize("name", ["", "Atlantis", "../etc/passwd", "/etc/localtime", "UTC+1", "\0", "Europe"])
def test_zone_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(RuleError, match="Pacific/Auckland"):
        time_zone(name)
