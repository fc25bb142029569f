"""One finding: what was seen, on what it rests, whom it names, for what it speaks."""

from stanch.vocabulary.ids import FindingId
from stanch.web.charts import shares
from stanch.web.paper import page
from stanch.web.plots import plotted
from stanch.web.visit import Answer, Page, Visit

_PLOTS = 6


def show(visit: Visit) -> Answer:
    """One finding."""
    key = FindingId(visit.names["finding"])
    with visit.console.store.look() as tx:
        one = tx.findings.get(key)
        incident = (
            tx.incidents.find(i) if (i := tx.findings.incidents_of((key,)).get(key)) else None
        )
        plots, rows = plotted(tx, one.asset, one.window, _PLOTS, one.condition)
    points = sorted(one.points_to.items(), key=lambda p: -p[1])
    return page(
        visit,
        "finding.html",
        one=one,
        incident=incident,
        plots=plots,
        rows=rows,
        points=shares(
            [(str(k).replace("_", " "), v, "now") for k, v in points], "For what it speaks"
        ),
        suspects=shares(
            [(s.principal, s.share, "hot") for s in one.suspects[:12]], "Share of the oddness"
        ),
    )


PAGES = (Page(path="/findings/{finding:str}", show=show),)
