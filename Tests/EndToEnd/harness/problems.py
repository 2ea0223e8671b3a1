"""Checks of problem documents (RFC 9457)."""


def check_problem(response, status, code, *texts):
    """Checks status, media type and code of a response, and that the detail has these texts."""
    assert response.status == status, response
    assert response.media_type == "application/problem+json"
    problem = response.json()
    assert (problem["code"], problem["status"], problem["type"]) == (code, status, "about:blank")
    for text in texts:
        assert text in problem["detail"], problem["detail"]
