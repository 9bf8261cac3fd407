"""Where to put the boxes of a graph so that its arrows run one way and rarely cross.

The classic recipe in three steps (Sugiyama, Tagawa and Toda, 1981):

1. layers: every box lies below all boxes it depends on; an arrow over several layers gets a stopover in each;
2. order: in sweeps down and up, every box moves to the middle of its neighbours in the layer before; the
   order with the fewest crossings is kept;
3. places: boxes move sideways towards their neighbours as far as the order and their widths allow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

Box = Hashable
SWEEPS = 12


@dataclass
class Layout:
    """The centre of every box, the points each arrow runs through, and the size of the whole."""

    centres: dict[Box, tuple[float, float]]
    routes: dict[tuple[Box, Box], list[tuple[float, float]]]
    width: float
    height: float


def layout(
    sizes: Mapping[Box, tuple[float, float]], arrows: Sequence[tuple[Box, Box]], gap: tuple[float, float] = (26.0, 40.0)
) -> Layout:
    """Place boxes of given sizes (width, height); arrows run downwards, and there must be no cycle."""
    arrows = list(dict.fromkeys(arrows))
    level = _levels(list(sizes), arrows)
    widths = {box: size[0] for box, size in sizes.items()}
    chains: dict[tuple[Box, Box], list[Box]] = {}
    segments: list[tuple[Box, Box]] = []
    for arrow in arrows:
        stops: list[Box] = [("stop", arrow, k) for k in range(level[arrow[0]] + 1, level[arrow[1]])]
        for k, stop in enumerate(stops):
            level[stop] = level[arrow[0]] + 1 + k
            widths[stop] = 6.0
        chains[arrow] = [arrow[0], *stops, arrow[1]]
        segments += list(zip(chains[arrow], chains[arrow][1:], strict=False))
    above: defaultdict[Box, list[Box]] = defaultdict(list)
    below: defaultdict[Box, list[Box]] = defaultdict(list)
    for start, end in segments:
        below[start].append(end)
        above[end].append(start)
    layers: list[list[Box]] = [[] for _ in range(max(level.values(), default=-1) + 1)]
    for box in _first_order(list(sizes), below):
        layers[level[box]].append(box)
    layers = _ordered(layers, above, below)
    x = _placed(layers, above, below, widths, gap[0])
    heights = [max((sizes[box][1] for box in layer if box in sizes), default=0.0) for layer in layers]
    y: dict[Box, float] = {}
    span: dict[Box, float] = {}  # the height of a box's layer
    edge = 0.0
    for layer, height in zip(layers, heights, strict=True):
        for box in layer:
            y[box], span[box] = edge + height / 2, height
        edge += height + gap[1]
    left = min((x[box] - widths[box] / 2 for box in x), default=0.0)
    place = {box: (x[box] - left, y[box]) for box in x}
    return Layout(
        centres={box: place[box] for box in sizes},
        routes={arrow: _route(chain, place, span) for arrow, chain in chains.items()},
        width=max((place[box][0] + widths[box] / 2 for box in place), default=0.0),
        height=max(edge - gap[1], 0.0),
    )


def _route(
    chain: Sequence[Box], place: Mapping[Box, tuple[float, float]], span: Mapping[Box, float]
) -> list[tuple[float, float]]:
    """Straight through the layers at the stopovers, so that a line bends only in the gaps and hits no box."""
    points = [place[chain[0]]]
    for stop in chain[1:-1]:
        x, y = place[stop]
        points += [(x, y - span[stop] / 2), (x, y + span[stop] / 2)]
    return [*points, place[chain[-1]]]


def _levels(boxes: Sequence[Box], arrows: Sequence[tuple[Box, Box]]) -> dict[Box, int]:
    """The longest path to every box; boxes without a predecessor then move down to where they are used."""
    before: defaultdict[Box, list[Box]] = defaultdict(list)
    after: defaultdict[Box, list[Box]] = defaultdict(list)
    for start, end in arrows:
        before[end].append(start)
        after[start].append(end)
    waiting = {box: len(before[box]) for box in boxes}
    ready = [box for box in boxes if not waiting[box]]
    level = dict.fromkeys(ready, 0)
    for box in ready:  # grows while it is walked along: a topological order
        for end in after[box]:
            level[end] = max(level.get(end, 0), level[box] + 1)
            waiting[end] -= 1
            if not waiting[end]:
                ready.append(end)
    for box in boxes:
        if not before[box] and after[box]:
            level[box] = min(level[end] for end in after[box]) - 1
    return level


def _first_order(boxes: Sequence[Box], below: Mapping[Box, Sequence[Box]]) -> list[Box]:
    """Depth first from the top: neighbours in the graph start out as neighbours on the page."""
    seen: dict[Box, None] = {}
    stack = list(reversed(boxes))
    while stack:
        box = stack.pop()
        if box not in seen:
            seen[box] = None
            stack += reversed(below.get(box, []))
    return list(seen)


def _ordered(
    layers: list[list[Box]], above: Mapping[Box, Sequence[Box]], below: Mapping[Box, Sequence[Box]]
) -> list[list[Box]]:
    best, fewest = [list(layer) for layer in layers], _crossings(layers, below)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        neighbours = above if down else below
        for i in range(1, len(layers)) if down else range(len(layers) - 2, -1, -1):
            position = {box: k for k, box in enumerate(layers[i - 1 if down else i + 1])}
            own = {box: float(k) for k, box in enumerate(layers[i])}
            for box in layers[i]:
                places = sorted(position[other] for other in neighbours.get(box, ()))
                if places:
                    half = len(places) // 2
                    middle = places[half] if len(places) % 2 else (places[half - 1] + places[half]) / 2
                    own[box] = middle + 1e-3 * sum(places) / len(places)
            layers[i].sort(key=own.__getitem__)
        crossings = _crossings(layers, below)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    return best


def _crossings(layers: Sequence[Sequence[Box]], below: Mapping[Box, Sequence[Box]]) -> int:
    count = 0
    for upper, lower in zip(layers, layers[1:], strict=False):
        position = {box: k for k, box in enumerate(lower)}
        ends = [place for box in upper for place in sorted(position[other] for other in below.get(box, ()))]
        count += sum(ends[i] > ends[j] for i in range(len(ends)) for j in range(i + 1, len(ends)))
    return count


def _placed(
    layers: Sequence[Sequence[Box]], above: Mapping[Box, Sequence[Box]], below: Mapping[Box, Sequence[Box]],
    widths: Mapping[Box, float], gap: float,
) -> dict[Box, float]:  # fmt: skip
    """Sideways places: pulled to the mean of the neighbours, held apart by the widths."""
    x: dict[Box, float] = {}
    for layer in layers:
        edge = 0.0
        for box in layer:
            x[box] = edge + widths[box] / 2
            edge += widths[box] + gap
        for box in layer:  # every layer starts out centred
            x[box] -= (edge - gap) / 2
    for sweep in range(4 * SWEEPS):
        order = layers if sweep % 2 == 0 else list(reversed(layers))
        for layer in order:
            wish = []
            for box in layer:
                pulls = [x[other] for side in (above, below) for other in side.get(box, ())]
                wish.append(sum(pulls) / len(pulls) if pulls else x[box])
            for box, place in zip(layer, _apart(wish, [widths[box] for box in layer], gap), strict=True):
                x[box] = place
    return x


def _apart(wish: Sequence[float], widths: Sequence[float], gap: float) -> list[float]:
    """The places nearest to the wishes (in squares) that keep order and distance: pool adjacent violators."""
    offsets, offset = [], 0.0
    for i, width in enumerate(widths):
        offset += (widths[i - 1] + width) / 2 + gap if i else 0.0
        offsets.append(offset)
    pools: list[tuple[float, int]] = []  # (mean of wish - offset, how many)
    for place, off in zip(wish, offsets, strict=True):
        mean, count = place - off, 1
        while pools and pools[-1][0] > mean:
            other, n = pools.pop()
            mean, count = (mean * count + other * n) / (count + n), count + n
        pools.append((mean, count))
    means = [mean for mean, count in pools for _ in range(count)]
    return [mean + off for mean, off in zip(means, offsets, strict=True)]
