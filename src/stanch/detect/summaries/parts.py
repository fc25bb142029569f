"""The parts of a summary: what is counted, and the shape of each count.

Every part is an array of int64 that adds under merge, except `PEAKS`, which are registers of
HyperLogLog sketches and take the larger value. Money, probabilities and waves are fixed-point.
"""

from enum import StrEnum

BINS = 64
"""Equal-mass bins per number; bin k holds edge[k-1] < x <= edge[k]."""
UNDER, OVER, MISSING, INFINITE = 64, 65, 66, 67
"""Where a number goes that is outside the reference's range, absent, or not finite."""
SLOTS = 68
UNIT = 1 << 20
"""Fixed point of probabilities and costs: 1.0 is this many."""
LEVELS = 20
"""Uniform bins of a probability."""
WAVES = 64
"""Random features that watch the joint structure; a wave's amplitude is `AMPLITUDE`."""
AMPLITUDE = 16384
AXES = 24
"""Linear projections: principal components first, then random ones."""
MAIN_AXES = 10
"""Axes whose first and second moments are kept (dispersion)."""
BUCKET_AXES = 5
"""Axes whose sides make the buckets of inputs, two to each axis."""
DRAWN_AXES = 8
"""Axes whose histogram is kept."""
SIGMA = 64
"""One reference standard deviation of a number is this many units on every axis's scale."""
AXIS_SLOTS = 34
"""32 equal-mass bins of an axis, then under, then over."""
MANIFOLD_BINS = 32
"""Bins of the off-manifold score; the last one is above the reference's 99th percentile."""
UNUSUAL = 28
"""Its bins from this one on hold the oddest tenth of the reference."""
LATENCIES = 64
STATUSES = 6
"""1xx, 2xx, 3xx, 4xx, 5xx, and no or another status."""
BLOCK_LEVELS = 16
BLOCK_CLASSES = 16
BLOCK_WAVES = WAVES
BLOCK_SURE = 11
BLOCK_TICKS = 12
"""Twelfths of a minute (5 seconds each)."""
BLOCK_PAIRS = 64
"""Places of the pairs of an answer and a label that contradicts it; see `pairs.pair_place`."""
DOUBT = 0.1
"""A label is doubted when the model gave its class less than this part of the answer's score."""

SAMPLED = 64
"""Different inputs that a principal's sample holds."""
SINGLES = 8
"""Numbers whose own places are kept of each, at most."""
CARD = 16 + SINGLES
"""Bytes that are kept of each; see `sample`."""
CARD_BEFORE = 16
"""The same before single numbers were kept."""


class Part(StrEnum):
    """What a summary counts. F numbers, K categories, C classes, G groups are the plan's."""

    ROWS = "rows"
    """(1,) answers given."""
    NUMBERS = "numbers"
    """(F, 68) bins, then UNDER, OVER, MISSING, INFINITE."""
    CATEGORIES = "categories"
    """(K, 66) known values in the plan's order, then new (64), then missing (65)."""
    ODD = "odd"
    """(5,) rows with: a missing input, one out of range, a new category, an infinite number, and
    rows whose shape the plan does not know (too few or too many features)."""
    PREDICTIONS = "predictions"
    """(C + 2,) classes, then unknown class, then missing."""
    VALUE = "value"
    """(68,) a numeric answer on its own equal-mass bins; empty for a classifier."""
    SCORES = "scores"
    """(C, 20) uniform bins of each class's score."""
    CONFIDENCE = "confidence"
    """(20,) uniform bins of the largest score."""
    MARGIN = "margin"
    """(20,) uniform bins of largest minus second score."""
    NEAR = "near"
    """(1,) rows whose margin is under the reference's 5th percentile: close to the boundary."""
    WAVES = "waves"
    """(64,) sums of random waves over the standardised numbers: the joint structure."""
    AXES = "axes"
    """(8, 34) histogram of the first projections on the reference's 32 bins, under, over."""
    MOMENTS = "moments"
    """(2, 10) sums and sums of squares along the main axes, in units of SIGMA."""
    MANIFOLD = "manifold"
    """(32,) histogram of the off-manifold score; the last bin is above the reference's 99 %."""
    FAR = "far"
    """(1,) rows above the reference's 99.9 % of it; not there under a plan of before."""
    LATENCY = "latency"
    """(64,) quarter-octave buckets from 0.01 ms; the last is missing."""
    STATUS = "status"
    """(6,) 1xx to 5xx, other or none."""
    COST = "cost"
    """(2,) sum in UNITs, rows that said one."""
    TOKENS = "tokens"
    """(2,) sum, rows that said one."""
    HITS = "hits"
    """(1,) rows that equal a row of the training set."""
    GROUPS = "groups"
    """(G, C' + 2) answers by group; C' is at most 16, further classes count as unknown."""
    BEHAVIOUR = "behaviour"
    """(32, C' + 2) answers by bucket of inputs: the sides of the medians of the first 5 axes."""
    LABELLED = "labelled"
    """(C + 2, C + 2) true class by predicted class, for late labels."""
    CALIBRATION = "calibration"
    """(20, 3) labelled rows, sum of confidence in UNITs, rows that were right."""
    FAIRNESS = "fairness"
    """(G, C' + 2, C' + 2) true by predicted class, per group, for late labels."""


class Peak(StrEnum):
    """Sketches of how many different ones there were (HyperLogLog, 1,024 registers, 3 %)."""

    PRINCIPALS = "principals"
    INPUTS = "inputs"
    """Different inputs, bit for bit."""
    CELLS = "cells"
    """Different neighbourhoods of inputs: rows minus these are near-duplicates."""
    MINUTES = "minutes"
    """Different minutes in which answers were given: what a rate is counted over."""


class Block(StrEnum):
    """What is counted for each principal; the same units as the summary's parts."""

    ROWS = "rows"
    """(1,)"""
    MARGIN = "margin"
    """(16,) uniform bins."""
    PREDICTIONS = "predictions"
    """(18,) the first 16 classes, further or unknown ones, missing."""
    WAVES = "waves"
    """(64,)"""
    MOMENTS = "moments"
    """(2, 10) sums and sums of squares along the main axes."""
    OFF = "off"
    """(1,) rows above the reference's 99 % of the off-manifold score."""
    ODD = "odd"
    """(1,) rows with anything missing, out of range, new or infinite."""
    NEAR = "near"
    """(1,) rows close to the decision boundary."""
    HITS = "hits"
    """(1,) rows that equal a row of the training set."""
    COST = "cost"
    """(1,) in UNITs."""
    TOKENS = "tokens"
    """(1,)"""
    STATUS = "status"
    """(6,)"""
    TICKS = "ticks"
    """(12,) rows in each twelfth of a minute. Gaps between rows depend on the sharding; these do
    not."""
    LABELLED = "labelled"
    """(2,) late labels, and those that say the answer was wrong."""
    GUESSED = "guessed"
    """(18,) late labels by the class that was predicted; folded like PREDICTIONS."""
    MISSED = "missed"
    """(18,) those of them that say the answer was wrong."""
    GIVEN = "given"
    """(18,) the wrong answers again, by the class that the label gives."""
    PAIRS = "pairs"
    """(64,) the wrong answers again, by the pair of what was predicted and what the label gives."""
    CANARIES = "canaries"
    """(1,) rows that equal a canary."""
    BETWEEN = "between"
    """(1,) rows with a number between the places that such numbers have; see `grid`."""
    UNUSUAL = "unusual"
    """(1,) rows among the reference's oddest tenth by the off-manifold score."""
    FAR = "far"
    """(1,) rows above the reference's 99.9 % of it."""
    SURE = "sure"
    """(2, 11) late labels by how sure the model was (under a half, then by twentieths), and those
    of them that say the answer was wrong."""
    DOUBTED = "doubted"
    """(65,) the wrong answers by pair, of those in which the model gave the label's class less than
    `DOUBT` of what it gave the answer; then all labels of which that is known."""
    STRAYED = "strayed"
    """(1,) rows with several numbers out of range: `Plan.straying`, or more."""
