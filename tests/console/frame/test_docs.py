"""The API's description, for programs and in a real browser."""

import httpx
import pytest
from playwright.sync_api import Browser, expect

from console.api.description import SUBJECTS
from console.door.permissions import ACCESS
from tests.console.frame.test_browser import opened
from tests.console.visitors import Person


def described(site: str) -> dict:
    return httpx.get(f"{site}/api/openapi.json").raise_for_status().json()


def test_every_endpoint_has_its_subject_its_refusals_and_says_for_whom_it_is(site: str) -> None:
    document = described(site)
    said = set()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            endpoint = f"{method.upper()} {path}"
            said.add(endpoint)
            assert operation["tags"][0] in SUBJECTS, endpoint
            assert "For: " in operation["description"], endpoint
            assert {"401", "403", "422", "429", "503"} <= set(operation["responses"]), endpoint
            assert ("security" in operation) == (ACCESS[endpoint] is not None), endpoint
    assert said == {endpoint for endpoint in ACCESS if " /api/" in endpoint}
    assert [tag["name"] for tag in document["tags"]] == list(SUBJECTS)


def test_headers_that_every_endpoint_takes_are_described(site: str) -> None:
    paths = described(site)["paths"]
    made = [parameter["name"] for parameter in paths["/api/groups"]["post"]["parameters"]]
    changed = [parameter["name"] for parameter in paths["/api/groups/{group_id}"]["patch"]["parameters"]]
    assert "Idempotency-Key" in made
    assert "If-Match" in changed


@pytest.mark.browser
def test_a_request_is_tried_out_in_the_browser_and_nothing_comes_from_elsewhere(
    browser: Browser, marketer: Person
) -> None:
    asked: list[str] = []
    said: list[str] = []
    with opened(browser, marketer.site, viewport={"width": 1280, "height": 900}) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.goto("/docs")
        for subject in SUBJECTS:
            expect(page.locator(".opblock-tag", has_text=subject).first).to_be_visible()
        page.get_by_role("button", name="Authorize").first.click()
        page.locator(".auth-container input").fill(marketer.token)
        page.locator(".auth-container button.authorize").click()
        page.get_by_role("button", name="Close").click()
        operation = page.locator(".opblock", has=page.locator('[data-path="/api/me"]'))
        operation.locator(".opblock-summary-control").click()
        operation.get_by_role("button", name="Try it out").click()
        operation.get_by_role("button", name="Execute").click()
        answer = operation.locator(".live-responses-table .response").first
        expect(answer).to_contain_text("200")
        expect(answer).to_contain_text(marketer.email)
    assert {url.split("/")[2] for url in asked if not url.startswith(("data:", "blob:"))} == {
        marketer.site.split("/")[2]
    }
    assert not [line for line in said if "Content Security Policy" in line]
