"""Draws the pictograms of the shipped tasks' parts: `python docs/pictograms.py` writes config/tasks/pictograms/*.png.

Bright shapes with a dark edge on nothing: a projector throws the shapes alone, and they stand on a light and on a dark
page. Own drawings, under the project's licence.
"""

from __future__ import annotations

from pathlib import Path

import skia

FOLDER = Path(__file__).parents[1] / "config/tasks/pictograms"
SIDE = 240
"""Pixels."""
HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" width="100" height="100">'
EDGE = 'stroke="#20303c" stroke-width="3" stroke-linejoin="round" stroke-linecap="round"'
STEEL, WHITE, BLUE, TEAL, GREEN, RED = "#c3ccd4", "#f4f6f8", "#5b8fe0", "#7cc6c2", "#69c08a", "#e8707a"
YELLOW, PURPLE, PINK, SKIN, DARK, LIGHT = "#f3c04b", "#a58be0", "#ef9db4", "#f4c9a6", "#7d8a96", "#dfe7ee"


def shape(kind: str, fill: str, **at: object) -> str:
    """One SVG element with the edge of all of them."""
    return f"<{kind} {EDGE} fill='{fill}' " + " ".join(f"{k}='{v}'" for k, v in at.items()) + "/>"


def rect(x: float, y: float, w: float, h: float, fill: str, r: float = 3) -> str:
    return shape("rect", fill, x=x, y=y, width=w, height=h, rx=r)


def circle(x: float, y: float, r: float, fill: str) -> str:
    return shape("circle", fill, cx=x, cy=y, r=r)


def oval(x: float, y: float, rx: float, ry: float, fill: str) -> str:
    return shape("ellipse", fill, cx=x, cy=y, rx=rx, ry=ry)


def path(d: str, fill: str = "none") -> str:
    return shape("path", fill, d=d)


def line(d: str, color: str, width: float) -> str:
    """A line as wide as a stick, with an edge."""
    stroke = 'fill="none" stroke-linecap="round" stroke-linejoin="round"'
    return (f'<path d="{d}" stroke="#20303c" stroke-width="{width + 4}" {stroke}/>'
            f'<path d="{d}" stroke="{color}" stroke-width="{width}" {stroke}/>')  # fmt: skip


def word(text: str, x: float, y: float, size: float) -> str:
    """A size such as S, M, L, in strokes: no font is needed."""
    strokes = {
        "S": "M9 1C5-2 1 0 1 3 1 7 9 6 9 10 9 14 4 15 1 12",
        "M": "M0 14V0L5 8 10 0V14",
        "L": "M1 0V14H9",
    }
    return (f'<g transform="translate({x} {y}) scale({size / 14})"><path d="{strokes[text]}" fill="none" '
            'stroke="#20303c" stroke-width="3.2" stroke-linejoin="round" stroke-linecap="round"/></g>')  # fmt: skip


def gear(x: float, y: float, r: float, teeth: int) -> str:
    tooth = "".join(
        f'<rect x="{x - 5}" y="{y - r - 7}" width="10" height="12" rx="2" fill="{STEEL}" {EDGE} '
        f'transform="rotate({i * 360 / teeth} {x} {y})"/>'
        for i in range(teeth)
    )
    return tooth + circle(x, y, r, STEEL) + circle(x, y, r * 0.28, DARK)


def glove(size: str) -> str:
    hand = "M32 92V62L20 50C15 44 21 38 27 43L36 51V20C36 13 45 13 45 20V45V12C45 5 54 5 54 12V45V16C54 9 63 9 63 16V46"
    return path(hand + "V26C63 19 72 19 72 26V66C72 78 68 84 68 92Z", BLUE) + word(size, 47, 62, 17)


def packet(fill: str, sign: str) -> str:
    return rect(18, 22, 64, 56, fill, 5) + path("M18 34H82M18 66H82") + sign


def bottle(fill: str, cap: str, sign: str = "") -> str:
    return rect(40, 8, 20, 14, cap) + path("M40 22H60V30C70 34 74 40 74 50V86C74 90 72 92 68 92H32C28 92 26 90 26 86V50"
                                           "C26 40 30 34 40 30Z", fill) + sign  # fmt: skip


def tube(fill: str, sign: str = "") -> str:
    return (path("M18 30H84L78 66H24Z", fill) + rect(40, 66, 22, 16, WHITE) + path("M18 22H84V30H18Z", WHITE)
            + sign)  # fmt: skip


def tablets(fill: str) -> str:
    dots = "".join(circle(x, y, 9, fill) for x in (32, 50, 68) for y in (38, 62))
    return rect(14, 22, 72, 56, LIGHT, 6) + dots


PICTOGRAMS = {
    "mouth_mirror": line("M14 88L60 42", STEEL, 6) + circle(70, 30, 20, STEEL) + circle(70, 30, 13, WHITE),
    "probe": line("M12 88L70 30C80 20 90 30 80 40", STEEL, 4) + line("M24 76L48 52", DARK, 8),
    "tweezers": path("M14 90C18 60 50 30 88 12C60 40 44 62 22 92Z", STEEL) + path("M18 90C40 76 70 50 88 12"),
    "toothbrush": line("M10 80L88 34", BLUE, 9) + line("M56 46L49 32M64 41L57 27M72 36L65 22M80 31L73 17", WHITE, 3),
    "tongue_scraper": line("M10 88L48 50", GREEN, 9) + line("M48 50C30 20 70 -2 84 22C96 42 72 62 48 50Z", GREEN, 7),
    "saliva_ejector": line("M12 90L60 42C70 32 82 40 88 52", WHITE, 8) + line("M85 46L88 52", BLUE, 8),
    "gloves_s": glove("S"),
    "gloves_m": glove("M"),
    "gloves_l": glove("L"),
    "mask": line("M22 36C4 34 4 62 22 58M78 36C96 34 96 62 78 58", WHITE, 3)
    + path("M22 34C40 24 60 24 78 34V60C66 76 34 76 22 60Z", "#a9d3ea") + path("M28 45H72M28 55H72"),
    "cup": path("M24 18H76L68 90H32Z", WHITE) + oval(50, 18, 26, 7, LIGHT) + path("M27 42H73"),
    "bib": path("M18 16C22 40 40 44 50 44C60 44 78 40 82 16L92 26V84C92 90 8 90 8 84V26Z", TEAL) + path("M28 58H72M28 70H72"),
    "cotton_rolls": rect(14, 18, 72, 20, WHITE, 10) + rect(14, 42, 72, 20, WHITE, 10) + rect(14, 66, 72, 20, WHITE, 10)
    + oval(80, 28, 4, 9, LIGHT) + oval(80, 52, 4, 9, LIGHT) + oval(80, 76, 4, 9, LIGHT),
    "gauze": rect(20, 30, 60, 56, LIGHT) + rect(16, 18, 60, 56, WHITE) + path("M16 32H76M16 46H76M16 60H76M31 18V74M46 18V74M61 18V74"),
    "toothpaste": tube(RED, path("M34 44C42 38 52 56 64 46")),
    "floss": rect(22, 18, 56, 66, WHITE, 12) + circle(50, 56, 16, LIGHT) + line("M50 40V30C50 22 66 24 70 8", BLUE, 3),
    "mouthwash": bottle(TEAL, BLUE, path("M26 56C38 48 62 64 74 56")),
    "interdental_brushes": line("M14 84L52 46", YELLOW, 9) + line("M58 32L66 40M64 26L74 36M70 20L80 30M76 14L86 24", WHITE, 3)
    + line("M52 46L88 10", STEEL, 3),
    "disclosing_tablets": tablets(PINK),
    "fluoride_gel": tube(PURPLE, path("M42 48H60M51 39V57")),
    "orthodontic_wax": rect(12, 26, 76, 50, LIGHT, 8) + rect(20, 34, 60, 9, SKIN, 4) + rect(20, 47, 60, 9, SKIN, 4)
    + rect(20, 60, 60, 9, SKIN, 4),
    "lip_balm": rect(34, 44, 32, 46, PINK, 4) + path("M38 44V24L62 14V44Z", RED) + path("M34 54H66"),
    "hand_gel": bottle(GREEN, WHITE, path("M50 48C42 60 42 66 50 70C58 66 58 60 50 48Z", WHITE))
    + line("M50 8V6H66V10", WHITE, 4),
    "tissues": rect(12, 48, 76, 40, BLUE, 5) + path("M34 48C30 30 44 30 40 12C54 18 60 26 66 14C68 30 62 36 66 48Z", WHITE),
    "sand_timer": rect(22, 8, 56, 9, YELLOW) + rect(22, 83, 56, 9, YELLOW)
    + path("M30 17H70C70 38 54 44 54 50C54 56 70 62 70 83H30C30 62 46 56 46 50C46 44 30 38 30 17Z", WHITE)
    + path("M34 80C40 68 60 68 66 80Z", YELLOW) + path("M40 32H60L50 44Z", YELLOW),
    "cheek_opener": path("M10 20C34 12 36 88 10 80C0 60 0 40 10 20Z", LIGHT) + path("M90 20C66 12 64 88 90 80C100 60 100 40 90 20Z", LIGHT)
    + line("M28 40C40 30 60 30 72 40", WHITE, 6) + line("M28 60C40 70 60 70 72 60", WHITE, 6),
    "brush_cap": path("M16 36H70C84 36 88 44 88 52C88 60 84 68 70 68H16Z", GREEN) + path("M30 36V68M44 36V68"),
    "denture_box": path("M14 46H86L80 86H20Z", BLUE) + path("M14 46C16 24 84 24 86 46Z", LIGHT) + path("M40 30H60"),
    "denture_tablets": tablets(DARK),
    "mixing_bowl": path("M10 40H90C88 68 72 84 50 84C28 84 12 68 10 40Z", YELLOW) + oval(50, 40, 40, 12, WHITE),
    "housing": path("M14 34L50 18L86 34V72L50 90L14 72Z", STEEL) + path("M14 34L50 50L86 34M50 50V90") + oval(32, 62, 8, 11, DARK),
    "cover": path("M12 50L50 34L88 50V58L50 76L12 58Z", STEEL) + path("M12 50L50 66L88 50M50 66V76")
    + oval(50, 50, 8, 4, DARK) + oval(24, 50, 3, 2, DARK) + oval(76, 50, 3, 2, DARK),
    "gear_large": gear(50, 50, 36, 12),
    "gear_small": gear(50, 50, 20, 8),
    "shaft": line("M14 74L86 26", STEEL, 12) + line("M32 62L68 38", LIGHT, 18),
    "bearing": circle(50, 50, 38, STEEL) + circle(50, 50, 27, LIGHT) + circle(50, 50, 14, DARK)
    + "".join(circle(50 + 20.5 * x, 50 + 20.5 * y, 5, WHITE) for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1), (.7, .7), (-.7, .7), (.7, -.7), (-.7, -.7))),
    "spring": line("M14 80C4 60 34 52 30 74C24 50 54 42 48 64C42 40 72 32 66 54C60 30 92 20 86 24", STEEL, 5),
    "knob": oval(50, 70, 36, 16, DARK) + path("M22 66V40C22 24 78 24 78 40V66C70 76 30 76 22 66Z", DARK)
    + oval(50, 38, 28, 12, LIGHT) + path("M50 28V40"),
    "grip": path("M14 34H86C92 34 92 66 86 66H14C8 66 8 34 14 34Z", DARK) + path("M28 34V66M40 34V66M52 34V66M64 34V66")
    + oval(86, 50, 6, 16, LIGHT),
    "bracket": path("M20 12H44V62H90V86H20Z", STEEL) + circle(32, 28, 5, DARK) + circle(72, 74, 5, DARK),
    "gasket": path("M26 14H74L88 30V70L74 86H26L12 70V30ZM34 30L28 38V62L34 70H66L72 62V38L66 30Z", TEAL).replace("<path", "<path fill-rule='evenodd'"),
    "sight_glass": circle(50, 50, 38, STEEL) + circle(50, 50, 27, "#cfeaf7") + path("M36 48C38 38 44 34 50 34"),
    "board": rect(12, 20, 76, 60, GREEN, 4) + rect(34, 36, 26, 24, DARK, 2) + path("M34 42H22V64M60 48H76M60 56H76V68M46 60V72"),
    "display": rect(10, 20, 80, 58, DARK, 5) + rect(18, 28, 64, 42, "#cfeaf7", 2) + path("M26 58L40 44L52 54L72 36"),
    "battery": rect(12, 30, 66, 40, DARK, 5) + rect(78, 42, 10, 16, STEEL) + path("M28 50H42M35 43V57M56 50H68"),
    "housing_top": path("M14 66V40C14 26 30 24 50 24C70 24 86 26 86 40V66Z", STEEL) + rect(32, 36, 36, 18, LIGHT),
    "housing_bottom": path("M14 34H86V62C86 76 70 78 50 78C30 78 14 76 14 62Z", STEEL) + oval(50, 34, 36, 8, LIGHT),
    "cable": line("M16 26C60 10 84 40 50 50C16 60 40 90 84 74", DARK, 6) + rect(76, 64, 18, 20, STEEL) + rect(6, 16, 18, 20, STEEL),
    "antenna": rect(30, 74, 40, 14, STEEL) + line("M50 74V36", DARK, 8) + line("M34 30C26 22 26 12 34 6M66 30C74 22 74 12 66 6", YELLOW, 4),
    "button_set": rect(14, 26, 72, 50, LIGHT, 8) + circle(34, 50, 12, RED) + circle(66, 50, 12, GREEN),
}  # fmt: skip


def draw(name: str) -> bytes:
    """PNG of one pictogram."""
    surface = skia.Surface(SIDE, SIDE)
    canvas = surface.getCanvas()
    canvas.scale(SIDE / 100, SIDE / 100)
    svg = skia.SVGDOM.MakeFromStream(skia.MemoryStream.MakeCopy((HEAD + PICTOGRAMS[name] + "</svg>").encode()))
    svg.setContainerSize(skia.Size(100, 100))
    svg.render(canvas)
    return bytes(surface.makeImageSnapshot().encodeToData(skia.kPNG, 100))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in PICTOGRAMS:
        (FOLDER / f"{each}.png").write_bytes(draw(each))
