"""Delivery by provider over time: small pictures alike, all on one scale."""

from __future__ import annotations

from collections.abc import Sequence

from sztafeta.account.statistics.counts import What
from sztafeta.account.statistics.flow import Flow
from sztafeta.account.statistics.report import LEAST_MAIL
from sztafeta.delivery.provider import Provider
from sztafeta.panel.charts.columns import Axis, Part, columns
from sztafeta.panel.statistics import links
from sztafeta.panel.statistics.figures import Drawing, Entry, Figure, Panel
from sztafeta.panel.statistics.tables import Column, Named, Share, Table
from sztafeta.panel.statistics.words import OUTCOMES, UNDER_WAY


def delivery(drawing: Drawing) -> Figure:
    """Draw the outcome by provider over time, all on the same scale."""
    gettext, report = drawing.words.gettext, drawing.report
    providers = report.providers
    heads = [Column("slot", gettext("Accepted by us"))]
    for one in providers:
        heads.append(Column(f"{one.value} rate", drawing.words.provider(one)))
        heads.append(Column(f"{one.value} accepted", gettext("Recipients")))
    return Figure(
        key="delivery",
        title=gettext("Delivery by provider"),
        lead=gettext(
            "Mail counts where it was accepted by us; the provider is whoever runs the server that"
            " answered. Accepted by a server is not yet seen in the inbox."
        ),
        picture=None,
        table=Table(
            heads, [_rates(drawing, slot, providers) for slot in range(len(report.starts))]
        ),
        legend=[
            Entry(kind="delivered", name=gettext(OUTCOMES[What.DELIVERED])),
            Entry(kind="unfinished", name=gettext(UNDER_WAY)),
            Entry(kind="failed", name=gettext("Not delivered")),
        ],
        panels=[_provider(drawing, one) for one in providers],
    )


def _rates(
    drawing: Drawing, slot: int, providers: Sequence[Provider]
) -> Sequence[Named | Share | int | None]:
    cells: list[Named | Share | int | None] = [drawing.slot(slot)]
    for one in providers:
        flow = drawing.report.flow(slot=slot, provider=one)
        cells.append(None if flow.rate is None else Share(flow.rate))
        cells.append(flow.accepted)
    return cells


def _provider(drawing: Drawing, provider: Provider) -> Panel:
    whole = drawing.report.flow(provider=provider)
    flows = [
        drawing.report.flow(slot=slot, provider=provider)
        for slot in range(len(drawing.report.starts))
    ]
    name = drawing.words.provider(provider)
    rate = drawing.words.formats.percent(whole.rate or 0.0)
    note = drawing.words.recipients(whole.accepted)
    if whole.accepted < LEAST_MAIL:
        note += " – " + drawing.words.gettext("too few to judge by")
    if whole.unfinished:
        still = drawing.words.gettext("%(number)s under way")
        note += ", " + still % {"number": drawing.words.count(whole.unfinished)}
    return Panel(
        name=name,
        headline=rate,
        note=note,
        picture=columns(
            f"{name}: {rate}",
            _shares(flows),
            Axis(top=1.0, ticks=_percents(drawing), slots=drawing.axis_slots(3)),
            has_slot=[flow.accepted > 0 for flow in flows],
            height=64,
            width=220,
        ),
        href=links.messages(provider=provider, period=drawing.period),
    )


def _percents(drawing: Drawing) -> Sequence[tuple[float, str]]:
    return [(one, drawing.words.formats.percent(one)) for one in (0.0, 0.5, 1.0)]


def _shares(flows: Sequence[Flow]) -> Sequence[Part]:
    wholes = [flow.meant for flow in flows]

    def share(numbers: Sequence[int]) -> Sequence[float]:
        return [
            number / whole if whole else 0.0 for number, whole in zip(numbers, wholes, strict=True)
        ]

    return [
        Part("delivered", share([flow.delivered for flow in flows])),
        Part("unfinished", share([flow.unfinished for flow in flows])),
        Part("failed", share([flow.failed for flow in flows])),
    ]
