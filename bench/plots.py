"""Line plots as SVG, readable on a light page and on a dark one."""

import math
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 84, 200, 56, 56
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #333 }
  .title { font-size: 16px; font-weight: 600 }
  .page { fill: #fff } .grid { stroke: #ddd } .axis { stroke: #888 }
  .line { fill: none; stroke-width: 2 } .spread { stroke-width: 1 }
  .c0 { stroke: #0b62c4; fill: #0b62c4 } .c1 { stroke: #c2410c; fill: #c2410c } .c2 { stroke: #15803d; fill: #15803d }
  .c3 { stroke: #9333ea; fill: #9333ea } .c4 { stroke: #6b7280; fill: #6b7280 } .c5 { stroke: #b91c6f; fill: #b91c6f }
  .line { fill: none } .leader { stroke-dasharray: 1 4 } text.label { stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd } .page { fill: #16181d } .grid { stroke: #33363d } .axis { stroke: #888 }
    .c0 { stroke: #6cb2ff; fill: #6cb2ff } .c1 { stroke: #ff9b66; fill: #ff9b66 }
    .c2 { stroke: #5fd38d; fill: #5fd38d } .c3 { stroke: #c79bff; fill: #c79bff }
    .c4 { stroke: #a5abb6; fill: #a5abb6 } .c5 { stroke: #ff8ac2; fill: #ff8ac2 }
    .line { fill: none }
  }
"""


@dataclass
class Axis:
    """From numbers to places on the page."""

    label: str
    text: object  # a number as a tick shows it
    log: bool
    least: float
    most: float
    begin: float
    end: float
    ticks: list

    def at(self, value):
        low, high, value = ((math.log10(v) if self.log else v) for v in (self.least, self.most, value))
        return self.begin + (self.end - self.begin) * ((value - low) / (high - low) if high > low else 0.5)


def steps(most, about=6):
    """Round steps from 0 to at least `most`."""
    raw = most / about or 1
    power = 10 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= raw)
    return [step * i for i in range(math.ceil(most / step - 1e-9) + 1)]


def decades(least, most):
    """Powers of ten around the values; 2 and 5 of each where they are few."""
    first, last = math.floor(math.log10(least)), math.ceil(math.log10(most))
    inner = (1, 2, 5) if last - first <= 2 else (1,)
    return [m * 10.0**e for e in range(first, last + 1) for m in inner if e < last or m == 1]


def axes(lines, x_label, y_label, x_text, y_text, log_y):
    xs = sorted({x for line in lines.values() for x in line})
    ys = [y for line in lines.values() for spread in line.values() for y in spread]
    ticks = decades(min(ys), max(ys)) if log_y else steps(max(ys))
    # The numbers that were measured, but for those too near to the one before.
    shown = [xs[0]]
    for x in xs[1:]:
        if x >= 1.9 * shown[-1]:
            shown.append(x)
    return (Axis(x_label, x_text, True, xs[0], xs[-1], LEFT, WIDTH - RIGHT, shown),
            Axis(y_label, y_text, log_y, ticks[0], ticks[-1], HEIGHT - BOTTOM, TOP, ticks))


def apart(places, distance=16):
    """Moves labels down so far that none covers another."""
    out, last = {}, -math.inf
    for name, y in sorted(places.items(), key=lambda item: item[1]):
        last = out[name] = max(y, last + distance)
    return out


def plot(path, title, lines, x_label, y_label, x_text=str, y_text=str, log_y=False):
    """Writes one plot. `lines` has, by name, the low, the middle and the high y for each x. The x axis is logarithmic. On
    a y axis that is logarithmic, too, what is 0 has no place and is left out."""
    if log_y:
        lines = {name: {at: spread for at, spread in line.items() if min(spread) > 0} for name, line in lines.items()}
        lines = {name: line for name, line in lines.items() if line}
    x, y = axes(lines, x_label, y_label, x_text, y_text, log_y)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
           f"<title>{escape(title)}</title><style>{STYLE}</style>",
           f'<rect class="page" width="{WIDTH}" height="{HEIGHT}"/>',
           f'<text class="title" x="{LEFT}" y="26">{escape(title)}</text>',
           f'<text x="{LEFT - 8}" y="{TOP - 10}">{escape(y_label)}{" (log)" if log_y else ""}</text>',
           f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 14}" text-anchor="middle">{escape(x_label)} (log)</text>']
    for tick in y.ticks:
        at = y.at(tick)
        out.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
                   f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{escape(y_text(tick))}</text>')
    for tick in x.ticks:
        at = x.at(tick)
        out.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
                   f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{escape(x_text(tick))}</text>')
    out.append(f'<path class="axis" fill="none" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>')
    labels = apart({name: y.at(line[max(line)][1]) for name, line in lines.items()})
    for number, (name, line) in enumerate(lines.items()):
        color = f"c{number % 6}"
        points = [(x.at(at), *map(y.at, spread)) for at, spread in sorted(line.items())]
        route = " ".join(f"{px:.1f},{middle:.1f}" for px, _, middle, _ in points)
        out.append(f'<polyline class="line {color}" points="{route}"/>')
        for px, low, middle, high in points:
            out.append(f'<line class="spread {color}" x1="{px:.1f}" x2="{px:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>'
                       f'<circle class="{color}" cx="{px:.1f}" cy="{middle:.1f}" r="3.5"/>')
        px, _, middle, _ = points[-1]
        out.append(f'<line class="leader {color}" x1="{px:.1f}" y1="{middle:.1f}" x2="{WIDTH - RIGHT + 12}" '
                   f'y2="{labels[name]:.1f}"/>'
                   f'<text class="label {color}" x="{WIDTH - RIGHT + 16}" y="{labels[name] + 4:.1f}">{escape(name)}</text>')
    Path(path).write_text("\n".join([*out, "</svg>"]) + "\n", encoding="utf-8")
