"""The book's fonts: Adobe's Source families from npm, cut to the characters that the pages use.

"Source" is a reserved name under the license (OFL-1.1), so the cut fonts are called Start; the
license goes with them. A serif speaks for the book, a sans for controls, a mono for code.
"""

import os
import shutil
from pathlib import Path

from fontTools import subset
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

ASCII = "".join(map(chr, range(0x20, 0x7F))) + "\u00a0"
LATIN = "".join(map(chr, range(0xA1, 0x100)))
MARKS = "–—‘’“”…′"
SUPER = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵀ"
SIGNS = "−×·√±∂∑∞≈≠≤≥→←✓½¼¾"
GREEK = "αβγδεηθκλμνξπρστφχψωΔΘΛΣΦΨΩ"
SERIF = "source-serif/VAR/SourceSerif4Variable-{}.ttf"
SANS = "source-sans/VF/SourceSans3VF-Upright.ttf"
MONO = "source-code-pro/VF/SourceCodeVF-Upright.ttf"
KERNED, COUNTED = ("kern", "liga", "ccmp", "mark"), ("kern", "tnum", "lnum")

# name: the source, the place on its axes, the characters, the features that are kept.
FONTS = {
    "start-serif": (SERIF.format("Roman"), {"wght": 400, "opsz": 16},
                    ASCII + LATIN + MARKS + SUPER + SIGNS + GREEK, {*KERNED, *COUNTED}),
    "start-serif-italic": (SERIF.format("Italic"), {"wght": 400, "opsz": 16},
                           ASCII + "éèüöäçñ" + MARKS + "−×½√±⁻⁰¹²³⁴⁵⁶⁷⁸⁹", set(KERNED)),
    "start-serif-600": (SERIF.format("Roman"), {"wght": 600, "opsz": 19},
                        ASCII + "éèüöäçñ" + MARKS + SUPER + "−×·√±→½¼αβδεμπσ",
                        {*KERNED, *COUNTED}),
    "start-sans": (SANS, {"wght": (400, 600)},
                   ASCII + "éèüöäçñ" + MARKS + "−×·√±→←½¼²³⁻¹σ°≈‹›", set(COUNTED)),
    "start-mono": (MONO, {"wght": 400},
                   ASCII + MARKS + SUPER + "√±−δ×ρσ∂→·½₀ₗ₁≈≤≥πμΣΦ", set()),
}  # fmt: skip
FOR_FIGURES = "start-sans.ttf"  # matplotlib reads no variable font and no woff2
GIVEN = {0x207B: "endash.sups", 0x1D40: "T.sups"}  # drawn in the sources, but under no character


def setup(app):
    app.connect("builder-inited", lend_to_figures, priority=100)  # before any kernel starts
    app.connect("build-finished", write_fonts)


def lend_to_figures(app):
    """Name the sans to the kernels, whose figures are to speak in it (`plots.use_style`)."""
    file = Path(app.outdir).parent / "fonts" / FOR_FIGURES
    if is_older(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        characters = ASCII + MARKS + SUPER + SIGNS + GREEK
        cut(packages(app) / SANS, {"wght": 400}, characters, {"kern"}, "start-sans").save(file)
    os.environ["INITBOOK_FIGURE_FONT"] = str(file)


def write_fonts(app, exception):
    """Into the site's _static/fonts, with the license beside them."""
    if exception or app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static" / "fonts"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(packages(app) / "source-serif" / "LICENSE.md", folder / "LICENSE.md")
    for name, (source, place, characters, features) in FONTS.items():
        file = folder / f"{name}.woff2"
        if is_older(file):
            font = cut(packages(app) / source, place, characters, features, name)
            font.flavor = "woff2"
            font.save(file)


def is_older(file):
    """Whether a font has to be cut, as it is missing or this module has changed since."""
    return not file.exists() or file.stat().st_mtime < Path(__file__).stat().st_mtime


def packages(app):
    return Path(app.confdir) / "node_modules"


def cut(source, place, characters, features, name):
    """One font at one place of its axes, with these characters and features, renamed."""
    font = TTFont(source)
    for table in font["cmap"].tables:
        if table.isUnicode():
            drawn = font.getReverseGlyphMap()
            table.cmap.update({code: glyph for code, glyph in GIVEN.items() if glyph in drawn})
    options = subset.Options(layout_features=sorted(features), hinting=False, name_IDs=["*"])
    options.drop_tables += ["DSIG"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=characters)
    subsetter.subset(font)  # first, since moving a font of ten thousand glyphs takes long
    font = instancer.instantiateVariableFont(font, place)
    if 0x2713 in font.getBestCmap():
        plain_check_mark(font)
    rename(font, name)
    return font


def plain_check_mark(font):
    """The serif's ✓ looks like a root sign, and this book is full of roots: a plainer one."""
    pen = TTGlyphPen(None)
    pen.moveTo((60, 300))
    for point in ((118, 362), (236, 232), (560, 640), (632, 584), (244, 92)):
        pen.lineTo(point)
    pen.closePath()
    glyph = font.getBestCmap()[0x2713]
    font["glyf"][glyph], font["hmtx"][glyph] = pen.glyph(), (690, 60)


def rename(font, name):
    words = name.replace("-", " ").title()
    said = {1: words, 2: "Regular", 3: words, 4: words, 6: words.replace(" ", "")}
    for record in list(font["name"].names):
        if record.nameID in said:
            record.string = said[record.nameID]
        elif record.nameID not in (0, 5, 13, 14):  # copyright, version, license
            font["name"].removeNames(nameID=record.nameID)
