"""The watch: evidence for change on every stream of an asset, kept from batch to batch.

In    one batch's summary (a minute, all shards merged) and the golden summary of its hour.
Out   the next `Watch`, and its `Reading`s.
Why   an alarm that may be looked at after every batch needs evidence that stays valid under that.

Math  For member i and way to bet q, with e-values e of the batch (see `bets`):
      always on (e-SR)      M <- (1 + M) e            alarm at M >= ARL
      since a known start   S <- S e                  alarm at S >= 1 / alpha
      A stream's M is the mean over its members and ways. The mean over all streams is an e-SR too,
      so with each stream's bar at (streams x ARL) the average run length to any false alarm is at
      least ARL batches. With one batch a minute and one false alarm a year allowed, ARL = 525,600.
      Members are named by e-BH on the current values (M / batches, an e-value at each fixed time),
      never on running maxima, for which e-BH does not hold.
      Nothing is ever re-learnt: a season is a stratum of the baseline, or an alarm.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from stanch.detect.alarms.bets import Table, log_bets, weights
from stanch.detect.alarms.reading import Reading, Stream
from stanch.detect.alarms.streams import table
from stanch.detect.summaries.arrays import Floats
from stanch.detect.summaries.codec import packed, unpacked
from stanch.detect.summaries.plan import Plan
from stanch.detect.summaries.summary import Summary, empty
from stanch.vocabulary.ids import Digest, parse_digest
from stanch.vocabulary.trouble import BadFile, BadInput

OF_LABELS = frozenset({Stream.ACCURACY, Stream.CALIBRATION, Stream.GROUP_ERRORS})
SINCE_START, AT_MOST = 0.01, 0.05
"""The chance of ever a false alarm since a start: a hundredth of a year's, and never above."""
DISCOVERY = 0.05
"""The share of wrongly named members that is allowed among the named."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """How often an alarm may be false, in words: so many a year, with so many batches a year."""

    batches_per_year: float = 525_600.0
    false_alarms_per_year: float = 1.0
    ever_since_start: float = SINCE_START
    """The chance of ever a false alarm since a known start."""

    def allowing(self, per_year: float) -> "Promise":
        """The promise of so many a year; what is asked of evidence since a start moves along."""
        ever = min(SINCE_START * per_year, AT_MOST)
        return replace(self, false_alarms_per_year=per_year, ever_since_start=ever)

    @property
    def run_length(self) -> float:
        """The average run length in batches to a false alarm on any stream."""
        return self.batches_per_year / self.false_alarms_per_year


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Evidence:
    """The evidence of one stream."""

    always: Floats
    """(M, Q) log of the e-SR."""
    start: Floats
    """(M, Q) log of the e-process since the start."""
    batches: int


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Watch:
    """The evidence of every stream of one asset and version."""

    plan: Digest
    promise: Promise = Promise()
    streams: Mapping[Stream, Evidence] = field(default_factory=dict)

    def after(self, batch: Summary, golden: Summary, plan: Plan, *, temper: float = 1.0) -> "Watch":
        """The watch after this batch; a stream on which nothing was said stands still.

        `temper` is how much each answer counts (`shares.voice`); late labels are not asked for in
        bursts, and count in full.
        """
        if not batch.plan == golden.plan == self.plan:
            raise BadInput("The batch, the baseline and the watch are on different plans.")
        streams = dict(self.streams)
        for stream in Stream:
            now = table(stream, batch, plan)
            if now.counts.size and now.counts.any():
                counts = 1.0 if stream in OF_LABELS else temper
                bets = log_bets(now, table(stream, golden, plan), temper=counts)
                streams[stream] = _after(self.streams.get(stream), bets)
        return replace(self, streams=streams)

    def readings(self, plan: Plan) -> Mapping[Stream, Reading]:
        """Where the evidence stands on each stream; none where it is on the members of before."""
        bars = (
            math.log10(self.promise.run_length * len(Stream)),
            math.log10(len(Stream) / self.promise.ever_since_start),
        )
        tables = {s: table(s, empty(plan), plan) for s in self.streams}
        return {
            s: _reading(s, e, tables[s], bars)
            for s, e in self.streams.items()
            if len(e.always) == len(tables[s].members)
        }

    def to_bytes(self) -> bytes:
        """The state, to be kept across restarts."""
        promise = self.promise
        header = {
            "plan": self.plan,
            "batches": {s: e.batches for s, e in self.streams.items()},
            "promise": [
                promise.batches_per_year,
                promise.false_alarms_per_year,
                promise.ever_since_start,
            ],
        }
        arrays = {f"always {s}": e.always for s, e in self.streams.items()}
        return packed(
            "watch", header, arrays | {f"start {s}": e.start for s, e in self.streams.items()}
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "Watch":
        """The watch that these bytes hold, or `BadFile`."""
        read = unpacked("watch", data)
        try:
            year, false, ever = (float(x) for x in read.header["promise"])
            return cls(
                plan=parse_digest(read.header["plan"]),
                promise=Promise(
                    batches_per_year=year, false_alarms_per_year=false, ever_since_start=ever
                ),
                streams={
                    Stream(s): Evidence(
                        always=read.arrays[f"always {s}"],
                        start=read.arrays[f"start {s}"],
                        batches=int(batches),
                    )
                    for s, batches in read.header["batches"].items()
                },
            )
        except (KeyError, TypeError, ValueError, BadInput) as error:
            raise BadFile("watch", f"lacks a part ({error})") from None


def log_mean(logs: Floats, share: Floats) -> Floats:
    """(M,) the log of the weighted mean over the ways to bet."""
    top = logs.max(axis=1, keepdims=True)
    return top[:, 0] + np.log(np.exp(logs - top) @ share)


def named_by_ebh(evidence: Floats, rate: float = DISCOVERY) -> tuple[int, ...]:
    """The places of the members that e-BH names from their log e-values."""
    size = len(evidence)
    order = np.argsort(-evidence, kind="stable")
    bars = math.log(size / rate) - np.log(np.arange(1, size + 1))
    passed = np.flatnonzero(evidence[order] >= bars)
    return tuple(sorted(int(i) for i in order[: passed[-1] + 1])) if passed.size else ()


def _after(before: Evidence | None, bets: Floats) -> Evidence:
    if before is None or before.always.shape != bets.shape:
        return Evidence(always=bets, start=bets, batches=1)
    return Evidence(
        always=np.logaddexp(0.0, before.always) + bets,
        start=before.start + bets,
        batches=before.batches + 1,
    )


def _reading(stream: Stream, evidence: Evidence, now: Table, bars: tuple[float, float]) -> Reading:
    members = now.members
    share = weights(bins=now.counts.shape[1], ordered=now.ordered)
    always, start = log_mean(evidence.always, share), log_mean(evidence.start, share)
    even = np.full(len(members), 1.0 / len(members))
    whole = float(log_mean(always[None, :], even)[0])
    since = float(log_mean(start[None, :], even)[0])
    named = named_by_ebh(always - math.log(evidence.batches))
    tens = math.log(10)
    reading = Reading(
        stream=stream,
        strength=whole / tens,
        needed=bars[0],
        since_start=since / tens,
        needed_since_start=bars[1],
        batches=evidence.batches,
        named=tuple(members[i] for i in named),
        members={m: float(v) / tens for m, v in zip(members, always, strict=True)},
    )
    if reading.alarm and not reading.named:
        return replace(reading, named=(members[int(np.argmax(always))],))
    return reading
