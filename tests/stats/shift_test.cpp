#include "weir/stats/shift.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "catch.hpp"
#include "weir/base/hash.hpp"
#include "weir/stats/student.hpp"

// Expected values: scipy 1.10.1 and statsmodels 0.13.5 of Debian 12; the call stands beside each.
namespace {
const std::vector<double> a{10.1, 9.7, 10.4, 9.9, 10.0, 10.3}, b{10.6, 10.9, 10.2, 11.1, 10.7};
}

TEST_CASE("student: distribution and quantiles are scipy's", "[stats]") {
  CHECK(weir::student_cdf(2.5, 3) == Approx(0.9561466764959673).epsilon(1e-12));           // st.t.cdf(2.5, 3)
  CHECK(weir::student_cdf(-1.2, 7.5) == Approx(0.133334461396611).epsilon(1e-12));         // st.t.cdf(-1.2, 7.5)
  CHECK(weir::student_cdf(0.3, 1) == Approx(0.5927735790777423).epsilon(1e-12));           // st.t.cdf(.3, 1)
  CHECK(weir::student_cdf(4, 40) == Approx(0.9998670438021666).epsilon(1e-12));            // st.t.cdf(4, 40)
  CHECK(weir::student_quantile(0.975, 3) == Approx(3.182446305284263).epsilon(1e-10));     // st.t.ppf(.975, 3)
  CHECK(weir::student_quantile(0.95, 11.3) == Approx(1.7915317674164122).epsilon(1e-10));  // st.t.ppf(.95, 11.3)
  CHECK(weir::student_quantile(0.6, 1) == Approx(0.32491969623407446).epsilon(1e-10));     // st.t.ppf(.6, 1)
  CHECK(weir::student_quantile(0.995, 200) == Approx(2.600634436165038).epsilon(1e-10));   // st.t.ppf(.995, 200)
  CHECK(weir::normal_quantile(0.975) == Approx(1.959963984540054).epsilon(1e-10));         // st.norm.ppf(.975)
  CHECK(weir::normal_cdf(-1.3) == Approx(0.09680048458561036).epsilon(1e-12));             // st.norm.cdf(-1.3)
}

TEST_CASE("shift: Hodges-Lehmann's estimate, its exact interval and p-value are those of the definition", "[stats]") {
  const auto e = weir::hodges_lehmann(a, b);
  CHECK(e.shift == Approx(0.65));              // np.median of all differences
  CHECK(e.p == Approx(0.017316017316017316));  // st.mannwhitneyu(a, b, method='exact').pvalue
  REQUIRE(e.interval);
  CHECK(e.interval->low == Approx(0.2));   // the 4th difference from each end: U's distribution by enumeration of
  CHECK(e.interval->high == Approx(1.1));  // itertools.combinations(range(11), 6)
}

TEST_CASE("shift: the Mann-Whitney distribution is that of counting every choice", "[stats][property]") {
  for (const std::size_t m : {1U, 2U, 4U, 6U})
    for (const std::size_t n : {1U, 3U, 5U}) {
      std::vector<double> counts(m * n + 1, 0);
      double all = 0;
      for (std::uint32_t chosen = 0; chosen < (1U << (m + n)); ++chosen) {
        if (static_cast<std::size_t>(std::popcount(chosen)) != m) continue;
        std::size_t u = 0, others = 0;
        for (std::size_t i = 0; i < m + n; ++i) (chosen >> i) & 1U ? void(u += others) : void(++others);
        ++counts[u], ++all;
      }
      const auto cdf = weir::detail::mann_whitney_cdf(m, n);
      double sum = 0;
      for (std::size_t u = 0; u <= m * n; ++u) CHECK(cdf[u] == Approx((sum += counts[u]) / all));
    }
  CHECK(weir::detail::mann_whitney_cdf(100, 100).back() == Approx(1));
}

TEST_CASE("shift: too few runs have no interval, and four against four have one", "[stats]") {
  const std::vector<double> three{1, 2, 3}, four{1, 2, 3, 4};
  CHECK_FALSE(weir::hodges_lehmann(three, three).interval);
  CHECK(weir::hodges_lehmann(four, four).interval);
  CHECK_FALSE(weir::welch(std::vector<double>{1}, four).interval);
  CHECK_FALSE(weir::welch(std::vector<double>{2, 2}, std::vector<double>{2, 2}).interval);
  CHECK(weir::hodges_lehmann(four, four).p == 1);
}

TEST_CASE("shift: Welch's difference, interval and p-value are scipy's", "[stats]") {
  const auto e = weir::welch(a, b);
  CHECK(e.p == Approx(0.01006736139515533).epsilon(1e-10));  // st.ttest_ind(b, a, equal_var=False).pvalue
  REQUIRE(e.interval);
  CHECK(e.interval->low == Approx(0.20150202006285262).epsilon(1e-8));  // difference -+ st.t.ppf(.975, df) * error
  CHECK(e.interval->high == Approx(1.0651646466038167).epsilon(1e-8));
}

TEST_CASE("shift: Holm's p-values are those of statsmodels, in the order they came", "[stats]") {
  const auto p = weir::holm({0.01, 0.04, 0.03, 0.005});  // multipletests(..., method='holm')[1]
  REQUIRE(p.size() == 4);
  CHECK(p[0] == Approx(0.03));
  CHECK(p[1] == Approx(0.06));
  CHECK(p[2] == Approx(0.06));
  CHECK(p[3] == Approx(0.02));
  CHECK(weir::holm({}).empty());
}

TEST_CASE("shift: swapping the sides turns the shift and its interval round", "[stats][property]") {
  weir::random_stream random(4);
  for (int round = 0; round < 20; ++round) {
    std::vector<double> x, y;
    for (int i = 0; i < 5; ++i) x.push_back(random.uniform()), y.push_back(random.uniform() + 0.2);
    const auto there = weir::hodges_lehmann(x, y), back = weir::hodges_lehmann(y, x);
    CHECK(there.shift == Approx(-back.shift).margin(1e-12));
    CHECK(there.p == Approx(back.p));
    CHECK(there.interval->low == Approx(-back.interval->high).margin(1e-12));
  }
}

TEST_CASE("shift: the runs needed grow with the square of scatter over shift", "[stats]") {
  // By hand: 2 (1.960 + 0.842)^2 (0.02 / 0.03)^2 = 6.98, so 7, and one for Student's t.
  CHECK(weir::runs_needed(0.03, 0.02) == 8);
  CHECK(weir::runs_needed(0.015, 0.02) == 29);
  CHECK(weir::runs_needed(0, 0.02) == 0);
}
