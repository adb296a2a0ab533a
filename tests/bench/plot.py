"""PLOT=FILE.svg: the rates of a run as a picture, with the extremes. Of the same figures the same
bytes, so that it can be committed. Wants Debian's package python3-matplotlib, which nothing else
does."""

import statistics

from fetch import Failure

COLOURS = ('#1f6fb4', '#b0b0b0')
LIMIT = 60 * 1024       # bytes: a picture for a page, not an archive


def pyplot():
    """matplotlib's, told to be deterministic; Failure if it is not there."""
    try:
        # pylint: disable=import-outside-toplevel
        import matplotlib
        matplotlib.use('svg')
        from matplotlib import pyplot as plt
    except ImportError as error:
        raise Failure('PLOT= wants matplotlib: install the package python3-matplotlib') from error
    plt.rcParams.update({'svg.hashsalt': 'skiff', 'svg.fonttype': 'none', 'font.size': 9})
    return plt


def draw(path, rows, titles):
    """rows: [(what, (values of the first, of the second, …))]; titles: theirs."""
    plt = pyplot()
    figure, axes = plt.subplots(figsize=(7, 0.7 + 0.5 * len(rows)), layout='constrained')
    thick = 0.8 / len(titles)
    for number, title in enumerate(titles):
        there = [(row, sorted(values[number])) for row, (_, values) in enumerate(rows)
                 if values[number]]
        middles = [statistics.median(values) for _, values in there]
        bars = axes.barh([row + (number + 0.5) * thick - 0.4 for row, _ in there], middles, thick,
                         color=COLOURS[number], label=title, error_kw={'elinewidth': 0.8},
                         xerr=[[m - v[0] for m, (_, v) in zip(middles, there)],
                               [v[-1] - m for m, (_, v) in zip(middles, there)]])
        axes.bar_label(bars, fmt=' %.0f', label_type='edge', padding=2)
    axes.set_yticks(range(len(rows)), [what for what, _ in rows])
    axes.invert_yaxis()
    axes.spines[['top', 'right']].set_visible(False)
    axes.set_xlabel('MB/s, median and extremes; more is better')
    axes.legend(frameon=False)
    figure.savefig(path, format='svg', metadata={'Date': None, 'Creator': None})
    plt.close(figure)
    if path.stat().st_size > LIMIT:
        raise Failure(f'{path} has {path.stat().st_size} bytes, more than {LIMIT}')
