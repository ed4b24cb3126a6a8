"""Cockpit, Tasklist and Admin in a real browser."""

from collections.abc import Callable, Iterator

import pytest
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait
from support.browser import chromium
from support.models import one_task, unique
from support.stacks import Engine

_LOADS = 8
_SECONDS_OF_A_LOAD = 15


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


class Person:
    """Somebody who looks at pages of the web applications, and waits until they show something."""

    def __init__(self, browser: Chrome, web_url: str) -> None:
        self._browser = browser
        self._web_url = web_url

    def opens(self, application: str, page: str = "") -> None:
        self._browser.get(f"{self._web_url}app/{application}/default/#/{page}")
        # Once more: within one page a new address would change nothing.
        self._browser.refresh()

    def sees(self, *texts: str) -> None:
        self._wait(lambda: all(text in self._text() for text in texts), f"to see {texts}")

    def logs_in(self, user: str, password: str) -> None:
        self._wait(lambda: bool(self._shown("input[type=password]")), "for the login")
        self._shown("form input[type=text]")[0].send_keys(user)
        self._shown("form input[type=password]")[0].send_keys(password)
        self._clicks("form button[type=submit]")

    def logs_out(self) -> None:
        self._clicks(".account .dropdown-toggle")
        self._clicks("li.logout a")
        self._wait(lambda: bool(self._shown("input[type=password]")), "for the login after the logout")

    def _clicks(self, selector: str) -> None:
        self._wait(lambda: bool(self._shown(selector)), f"for {selector}")
        self._shown(selector)[0].click()

    def _shown(self, selector: str) -> list[WebElement]:
        return [
            each for each in self._browser.find_elements(By.CSS_SELECTOR, selector) if each.is_displayed()
        ]

    def _text(self) -> str:
        return self._browser.find_element(By.TAG_NAME, "body").text

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        for _ in range(_LOADS):
            try:
                WebDriverWait(
                    self._browser, _SECONDS_OF_A_LOAD, ignored_exceptions=(StaleElementReferenceException,)
                ).until(lambda _: condition())
            except TimeoutException:
                # The pages give their own scripts seven seconds, and then stay empty.
                if not self._text().strip():
                    self._browser.refresh()
            else:
                return
        raise AssertionError(f"waited in vain {what}; the page shows: {self._text()[:2000]}")


@pytest.mark.timeout(600)
def test_the_administrator_works_in_the_web_applications(engine: Engine, browser: Chrome) -> None:
    key = unique("browsed")
    engine.client("deployer").deploy(key, {"model.bpmn": one_task(key, '<userTask id="task" name="Look"/>')})
    instance = engine.client("client").start(key, business_key=unique("order"))
    person = Person(browser, engine.web_url)

    person.opens("cockpit")
    person.logs_in(*engine.credentials["admin"])
    person.sees("Running Process Instances")
    person.opens("cockpit", f"process-instance/{instance}/runtime")
    person.sees(instance, "Variables")
    person.opens("tasklist")
    person.sees("Tasklist", "Create a filter")
    person.opens("admin", "users")
    person.sees("Users", engine.credentials["scaler"][0])

    person.opens("cockpit")
    person.logs_out()
    person.opens("admin", "users")
    person.sees("Log in")


@pytest.mark.timeout(600)
def test_a_wrong_password_is_said_in_the_browser(engine: Engine, browser: Chrome) -> None:
    person = Person(browser, engine.web_url)

    person.opens("cockpit")
    person.logs_in(engine.credentials["admin"][0], "wrong")

    person.sees("Login Failed")
