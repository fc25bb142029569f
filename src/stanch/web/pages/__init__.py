"""The pages: one module for each place, one line here for each way to it."""

from stanch.web.pages import (
    approvals,
    assets,
    board,
    evidence,
    files,
    findings,
    home,
    incident,
    incident_actions,
    incident_acts,
    incident_graph,
    incident_time,
    lists,
    login,
    playbooks,
    principals,
    search,
    settings,
)
from stanch.web.visit import Page

PAGES: tuple[Page, ...] = (
    *home.PAGES,
    *login.PAGES,
    *files.PAGES,
    *lists.PAGES,
    *incident.PAGES,
    *incident_acts.PAGES,
    *incident_time.PAGES,
    *incident_graph.PAGES,
    *incident_actions.PAGES,
    *findings.PAGES,
    *evidence.PAGES,
    *approvals.PAGES,
    *assets.PAGES,
    *principals.PAGES,
    *board.PAGES,
    *playbooks.PAGES,
    *search.PAGES,
    *settings.PAGES,
)
