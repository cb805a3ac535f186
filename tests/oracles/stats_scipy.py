"""weir's statistics against scipy, statsmodels and numpy (Debian's python3-scipy and python3-statsmodels).

stats_scipy.py DRIVER: the program made of stats_driver.cpp. Exit 77: these are not installed.
"""
import itertools
import math
import subprocess
import sys

try:
    import numpy as np
    import statsmodels.api  # noqa: F401 - fails where it is half installed
    from scipy import stats
    from statsmodels.stats.multitest import multipletests
    from statsmodels.stats.power import TTestIndPower
    from statsmodels.stats.proportion import proportion_confint
    from statsmodels.stats.weightstats import CompareMeans, DescrStatsW
    from statsmodels.tsa.stattools import acf
except ImportError as missing:
    print(f"skipped: {missing}; apt-get install python3-scipy python3-statsmodels")
    sys.exit(77)

random = np.random.default_rng(20261128)
questions, expected = [], []


def ask(name, parameters, lists, answer, tolerance=1e-9, scale=1e-4):
    """What `answer` holds must come back to within `tolerance` of its size, or of `scale`; None is anything."""
    words = [name, *map(repr, map(float, parameters))]
    for values in lists:
        words += [":", *(repr(float(v)) for v in values)]
    questions.append(" ".join(words))
    expected.append((answer, tolerance, scale))


def quantiles_and_moments():
    for n in (1, 2, 3, 17, 100, 1001):
        for spread in (1.0, 1e-2, 1e6):
            a = 5e7 + spread * random.lognormal(0, 1, n)
            for p in (0, 1, 50, 90, 99, 99.9, 100):
                ask("percentile", [p], [a], [np.percentile(a, p)], 1e-14)
            ask("moments", [], [a], [n, np.mean(a), np.std(a), a.min(), a.max()], 1e-9)
    a = random.lognormal(15, 1, 3000).round()
    described = [3000, a.mean(), a.std(), a.min(), a.max(), np.percentile(a, 99)]
    ask("samples", [99, 5000], [a], described, 1e-12)
    ask("samples", [99, 100], [a], described, 6e-4)  # in buckets: 0.05 %


def distributions():
    for freedom in (1, 2.5, 9, 18, 1000):
        for t in (-30, -2.1, 0, 0.3, 5):
            for p in (0.001, 0.025, 0.5, 0.8, 0.975):
                ask("student", [t, freedom, p], [], [stats.t.cdf(t, freedom), stats.t.ppf(p, freedom)], 1e-8)
    for z in (-8, -1.96, 0, 2.5):
        for p in (1e-6, 0.025, 0.5, 0.8, 0.9999):
            ask("normal", [z, p], [], [stats.norm.cdf(z), stats.norm.ppf(p)], 1e-9)


def shares():
    for n in (1, 2, 10, 1319, 10 ** 6):
        for k in {0, 1, n // 3, n - 1, n}:
            low, high = proportion_confint(k, n, 0.05, "wilson")
            ask("wilson", [k, n], [], [k / n, max(0, low) if k else 0, min(1, high) if k < n else 1], 1e-9)


def order_statistic_intervals():
    for n in (5, 6, 20, 100, 367, 368, 5000):
        for p in (10, 50, 90, 99):
            # Value number k from 0 is below the percentile where more than k values are: B > k.
            below = stats.binom.cdf(np.arange(n), n, p / 100)
            low, high = np.flatnonzero(below <= 0.025), np.flatnonzero(below >= 0.975)
            both = len(low) and len(high)
            ask("percentile_interval", [n, p, 0.95], [], [low[-1], high[0]] if both else [math.nan, math.nan], 0)


def u_distribution(m, n):
    """P(U <= u), by counting all ways where that can be done, else by scipy's own exact distribution."""
    if math.comb(m + n, m) < 30000:
        counts = np.zeros(m * n + 1)
        for chosen in itertools.combinations(range(m + n), m):
            counts[sum(chosen) - m * (m - 1) // 2] += 1
        return np.cumsum(counts) / counts.sum()
    state = stats._mannwhitneyu._mwu_state
    state.set_shapes(m, n) if hasattr(state, "set_shapes") else None
    return np.array([state.cdf(u, m, n) for u in range(m * n + 1)])


def two_samples():
    for m, n in ((3, 4), (4, 4), (5, 5), (7, 6), (10, 10), (12, 12)):
        for shift in (0, 0.5, 2):
            a, b = random.normal(0, 1, m), random.normal(shift, 1.5, n)
            differences = np.sort((b[None, :] - a[:, None]).ravel())
            cdf = u_distribution(m, n)
            cut = int(np.sum(cdf <= 0.025))
            ends = [differences[cut - 1], differences[m * n - cut]] if cut else [math.nan, math.nan]
            p = stats.mannwhitneyu(a, b, alternative="two-sided", method="exact").pvalue
            ask("hodges_lehmann", [], [a, b], [np.median(differences), p, *ends], 1e-10)
            interval = CompareMeans(DescrStatsW(b), DescrStatsW(a)).tconfint_diff(0.05, usevar="unequal")
            test = stats.ttest_ind(b, a, equal_var=False)
            ask("welch", [], [a, b], [b.mean() - a.mean(), test.pvalue, *interval], 1e-8)
    a, b = random.lognormal(0, 0.02, 10), random.lognormal(0.03, 0.02, 10)
    drawn = stats.bootstrap((a, b), lambda x, y, axis: np.median(y, axis=axis) - np.median(x, axis=axis),
                            n_resamples=20000, method="percentile", random_state=1).confidence_interval
    ask("bootstrap_medians", [], [a, b], [np.median(b) - np.median(a), None, drawn.low, drawn.high], 0.1, drawn.high - drawn.low)


def several_tests():
    for n in (1, 4, 9):
        p = random.uniform(0, 0.2, n)
        ask("holm", [], [p], list(multipletests(p, method="holm")[1]), 1e-12)
    for effect in (0.5, 1, 1.5):
        exact = TTestIndPower().solve_power(effect, alpha=0.05, power=0.8)
        ask("runs_needed", [effect * 0.02, 0.02], [], [math.ceil(exact)], 1 / exact + 1e-9)  # to one run


def autoregressive(n, r):
    noise = random.normal(0, 1, n)
    out = np.empty(n)
    out[0] = noise[0] / math.sqrt(1 - r * r)
    for i in range(1, n):
        out[i] = r * out[i - 1] + noise[i]
    return 10 + out


def geyer(a):
    """Geyer's initial positive sequence, on statsmodels' autocorrelations."""
    n = len(a)
    rho = acf(a, nlags=n - 1, fft=False, adjusted=False)
    total, lag = -1.0, 0
    while lag + 1 < n // 2 and rho[lag] + rho[lag + 1] > 0:
        total += 2 * (rho[lag] + rho[lag + 1])
        lag += 2
    return min(n, n / max(total, 1))


def overlapping(a):
    """The variance of the mean by overlapping batches of a tenth, from all their means."""
    n = len(a)
    length = n // 10
    means = np.convolve(a, np.ones(length) / length, "valid")
    return np.mean((means - a.mean()) ** 2) * length / (n - length)


def arms(a, effective, tail, at_once, is_open):
    """How far the ends reach, and how many independent values count."""
    own = geyer(a)
    variance = max(overlapping(a), a.var() / own)
    few = min(effective, own, a.var() / variance)
    skew = tail / math.sqrt(few)
    hang = (len(a) - few) / len(a) * at_once / len(a)
    if is_open:
        down, up = 0.9 / (1 + 6 * skew), 0.9 + 19.8 * skew + 1000 * hang
    else:
        down, up = 0.9 / (1 + 3.3 * skew) + 8 * hang, 0.9 + 10.89 * skew + 8 * hang
    reach = stats.norm.ppf(0.975) * math.sqrt(variance)
    return reach * down, reach * up, few


def share_within(p, reach, end):
    """Wilson's end where Wald's lies so far away."""
    count = p * (1 - p) * (stats.norm.ppf(0.975) / reach) ** 2  # values that would scatter as much
    return proportion_confint(p * count, count, 0.05, "wilson")[end]


def runs():
    z = stats.norm.ppf(0.975)
    for r in (0, 0.5, 0.9):
        for n in (600, 3000, 8000):
            a = autoregressive(n, r)
            effective = geyer(a)
            ask("effective", [], [a], [effective], 1e-6)
            for flow in ((0, True), (n / 300, True), (n / 40, False)):
                none = [math.nan] * 2
                down, up, few = arms(a, effective, 0.85, *flow)
                ends = [a.mean() - down, a.mean() + up]
                ask("estimate_mean", flow, [a], [a.mean(), few, 60, *(ends if few >= 60 else none)], 1e-6)
                for p in (0.5, 0.9, 0.99):
                    below = (a <= np.percentile(a, 100 * p)).astype(float)
                    beyond = min(p, 1 - p)
                    needed = max(60, 10 / beyond)
                    down, up, few = arms(below, effective, 1 - 4 / 3 * beyond ** 2, *flow)
                    ends = np.percentile(a, [100 * share_within(p, down, 0), 100 * share_within(p, up, 1)])
                    ask("estimate_percentile", [100 * p, *flow], [a],
                        [np.percentile(a, 100 * p), few, needed, *(ends if few >= needed else none)], 1e-5)
    a = autoregressive(4000, 0.5)
    error = math.sqrt((1 + 0.5) / (1 - 0.5) * a.var() / len(a))  # of the mean of this process
    ask("block_bootstrap", [100], [a], [a.mean() - z * error, a.mean() + z * error], 0.02)


def mser5(a):
    batches = [np.mean(a[i:i + 5]) for i in range(0, len(a) - len(a) % 5, 5)]
    def error(cut):
        left = np.array(batches[cut:])
        return np.sum((left - left.mean()) ** 2) / len(left) ** 2
    best = min(range(0, len(batches) // 2 + 1), key=error)
    return [5 * best, best < len(batches) // 2]


def warm_up():
    for n in (20, 203, 1000):
        for drift in (0, 3, 30):
            a = autoregressive(n, 0.3) + drift * np.exp(-np.arange(n) / (n / 10))
            ask("mser5", [], [a], mser5(a), 0)


for make in (quantiles_and_moments, distributions, shares, order_statistic_intervals, two_samples, several_tests, runs,
             warm_up):
    make()
answers = subprocess.run([sys.argv[1]], input="\n".join(questions) + "\n", capture_output=True, text=True, check=True)
lines = answers.stdout.splitlines()
assert len(lines) == len(questions), (len(lines), len(questions))
wrong = 0
for question, line, (answer, tolerance, scale) in zip(questions, lines, expected):
    got = [float(word) for word in line.split()]
    fits = len(got) == len(answer) and all(
        want is None or (math.isnan(have) and math.isnan(want)) or abs(have - want) <= tolerance * max(abs(want), scale)
        for have, want in zip(got, answer))
    if not fits:
        wrong += 1
        print(f"{question[:100]}\n  weir: {got}\n  else: {[None if v is None else float(v) for v in answer]}")
print(f"{len(questions)} questions, {wrong} answered differently")
sys.exit(1 if wrong else 0)
