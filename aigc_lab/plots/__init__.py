"""Pictures for lessons: each has a title that says what to see, and alternative text for readers who can't see it.

- `charts`: curves, bars, histograms, scatter, heat maps
- `image_grids`: grids and rows of pictures, and a place that is redrawn
- `figures`: a figure of your own, with alternative text
- `style`: the course's own settings of matplotlib, whatever the reader's are
- `flowchart`: boxes and arrows
- `alt_text`: a figure described in words, for readers who can't see it
- `alt_marks`: its lines, bars and points, in words
"""

from aigc_lab.plots.charts import bars, curves, grouped_bars, heatmap, histogram, scatter
from aigc_lab.plots.figures import COLOURS, STYLES, figure, show
from aigc_lab.plots.image_grids import image_rows, images, live

__all__ = [
    "COLOURS",
    "STYLES",
    "alt_marks",
    "alt_text",
    "bars",
    "charts",
    "curves",
    "figure",
    "figures",
    "flowchart",
    "grouped_bars",
    "heatmap",
    "histogram",
    "image_grids",
    "image_rows",
    "images",
    "live",
    "scatter",
    "show",
    "style",
]
