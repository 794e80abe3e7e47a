"""The math font of the page: a subset of TeX Gyre Termes Math (Debian: fonts-texgyre-math), renamed as its licence asks.

    pip install fonttools brotli
    python math-font.py texgyretermes-math.otf math-font.css
"""
import base64
import io
import sys

from fontTools import subset

NOTICE = (
    "/* Shortfall Math: a subset of TeX Gyre Termes Math by B. Jackowski, P. Strzelczyk and P. Pianowski, made by math-font.py "
    "and renamed; the whole font: https://www.gust.org.pl/projects/e-foundry/tg-math. GUST Font License (LPPL 1.3c or later). */"
)
RANGES = [(0x20, 0x7E), (0x391, 0x3C9), (0x1D434, 0x1D467), (0x1D6E2, 0x1D71B)]
SIGNS = "·±×′″‴…∇∑∏∫√≤≥≠≈→⇒−∗⋆∞∈∘‖⌈⌉⌊⌋⟨⟩¯ˆ˜²⁢⁡ℎℓ∂"

source, target = sys.argv[1:]
options = subset.Options(flavor="woff2", layout_features=["ssty", "kern", "mark", "mkmk", "ccmp"], name_IDs=[0, 1, 2, 13, 14])
options.desubroutinize = True
font = subset.load_font(source, options)
subsetter = subset.Subsetter(options)
subsetter.populate(text=SIGNS + "".join(chr(c) for low, high in RANGES for c in range(low, high + 1)))
subsetter.subset(font)
for record in font["name"].names:
    if record.nameID == 1:
        record.string = "Shortfall Math"
font["CFF "].cff.fontNames = ["ShortfallMath"]
font.flavor = "woff2"
packed = io.BytesIO()
font.save(packed)
data = base64.b64encode(packed.getvalue()).decode()
with open(target, "w") as css:
    css.write(f"{NOTICE}\n@font-face{{font-family:'Shortfall Math';src:url(data:font/woff2;base64,{data})}}\n")
