import pytest
from external_tasks import BasicAuth, BearerAuth


def test_basic_credentials_are_sent_as_utf8() -> None:
    assert BasicAuth("worker", "pässword").authorization() == "Basic d29ya2VyOnDDpHNzd29yZA=="


def test_a_user_with_a_colon_is_refused() -> None:
    with pytest.raises(ValueError, match="colon"):
        BasicAuth("a:b", "secret")


def test_a_token_may_be_a_text_or_asked_for_each_time() -> None:
    tokens = iter(["first", "second"])
    asked = BearerAuth(lambda: next(tokens))

    assert BearerAuth("fixed").authorization() == "Bearer fixed"
    assert [asked.authorization(), asked.authorization()] == ["Bearer first", "Bearer second"]


def test_secrets_are_not_shown() -> None:
    assert "secret" not in f"{BasicAuth('worker', 'secret')!r} {BearerAuth('secret')!r}"


@pytest.mark.parametrize("token", ["", " ", "a b", "a ", "\ta", "a\r\nb", "ä"])
def test_a_token_with_blanks_is_none(token: str) -> None:
    with pytest.raises(ValueError, match="token must hold visible ASCII characters and nothing else"):
        BearerAuth(token)
    with pytest.raises(ValueError, match="token must hold"):
        BearerAuth(lambda: token).authorization()
