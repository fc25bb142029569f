"""The pages: one module for each place, one line here for each way to it."""

from stanch.web.pages import (
    approvals,
    evidence,
    files,
    findings,
    home,
    incident,
    incident_acts,
    lists,
    login,
    search,
)
from stanch.web.visit import Page

PAGES: tuple[Page, ...] = (
    *home.PAGES,
    *login.PAGES,
    *files.PAGES,
    *lists.PAGES,
    *incident.PAGES,
    *incident_acts.PAGES,
    *findings.PAGES,
    *evidence.PAGES,
    *approvals.PAGES,
    *search.PAGES,
)
