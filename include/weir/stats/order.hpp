// weir/stats/order.hpp - values by their rank, without sorting all of them. Needs the standard library only.
#ifndef WEIR_STATS_ORDER_HPP
#define WEIR_STATS_ORDER_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "weir/stats/moments.hpp"

namespace weir::inline v0 {

/// Finds values by rank in two looks at them: the first counts them into some thousand buckets between the least and
/// the greatest, the second collects the values of the few buckets that are asked for, which alone are sorted. A
/// summary asks for a few ranks of millions of values: this is many times as fast as sorting them.
///
///     weir::order_statistics order(extent, values.size());
///     order.count(values);                                     // in as many parts as there are
///     order.ask(ranks), order.collect(values);                 // again for further ranks
///     double median = *order.value_at(values.size() / 2);
/// \pre  each value is >= 0 and finite; the same ones are counted and collected, in any order.
class order_statistics {
 public:
  order_statistics() = default;
  /// \param all  the extent of the values. \param size  how many they are: a few need few buckets.
  order_statistics(const value_extent& all, std::size_t size) {
    const std::uint64_t least = bits_of(all.least), greatest = bits_of(all.greatest);
    place_.low = greatest - std::min(greatest - least, widest);
    const int bits = std::min(most_bits, static_cast<int>(std::bit_width(size)));
    place_.shift = std::max(0, static_cast<int>(std::bit_width(greatest - place_.low)) - bits);
    counts_.resize(place_(all.greatest) + 1);
  }

  void count(std::span<const double> values) noexcept {
    if (counts_.size() == 1) return void(counts_[0] += values.size());
    std::uint64_t* const counts = counts_.data();
    for (const auto place = place_; const double value : values) ++counts[place(value)];
  }

  /// Says which ranks, from 0, the values to be collected are for. \pre  all are counted; each rank is below their
  /// number.
  void ask(std::span<const std::size_t> ranks) {
    wanted_.clear();
    if (place_.shift == 0) return;  // a bucket is a value
    for (const std::size_t rank : ranks) {
      if (value_at(rank)) continue;
      const auto [at, below] = bucket_with(rank);
      wanted_.resize(counts_.size(), none);
      if (wanted_[at] != none) continue;
      wanted_[at] = static_cast<std::uint16_t>(found_.size());
      found_.push_back({below, {}});
      found_.back().values.reserve(counts_[at]);
    }
  }
  void collect(std::span<const double> values) {
    if (wanted_.empty()) return;
    const std::uint16_t* const wanted = wanted_.data();
    for (const auto place = place_; const double value : values)
      if (const auto which = wanted[place(value)]; which != none) found_[which].values.push_back(value);
  }

  /// The value of that rank. \return  nothing where it has to be asked for first.
  [[nodiscard]] std::optional<double> value_at(std::size_t rank) {
    if (place_.shift == 0) return std::bit_cast<double>(place_.low + bucket_with(rank).at);
    const auto place = std::ranges::find_if(
        found_, [&](const auto& f) { return rank >= f.below && rank - f.below < f.values.size(); });
    if (place == found_.end()) return std::nullopt;
    if (!place->sorted) std::ranges::sort(place->values);
    place->sorted = true;
    return place->values[rank - place->below];
  }

 private:
  static constexpr int most_bits = 12;  // of a bucket's number: counts fit the nearest cache
  static constexpr std::uint64_t widest = std::uint64_t{40} << 52;  // what is 2^40 times smaller is in the first one
  static constexpr std::uint16_t none = 0xFFFF;

  /// The values of one bucket, in order once they were asked for.
  struct bucket_values {
    std::size_t below;  ///< Values in the buckets before it.
    std::vector<double> values;
    bool sorted = false;
  };
  struct bucket_place {
    std::size_t at, below;
  };

  /// Numbers in the order of the values: their IEEE 754 form, where -0 is 0.
  static std::uint64_t bits_of(double value) noexcept { return std::bit_cast<std::uint64_t>(value + 0.0); }
  /// Which bucket a value belongs to.
  struct bucket_rule {
    std::uint64_t low = 0;  ///< Where the first one begins; what is less belongs to it too.
    int shift = 0;

    std::size_t operator()(double value) const noexcept {
      const std::uint64_t bits = bits_of(value);
      return (std::max(bits, low) - low) >> shift;
    }
  };
  [[nodiscard]] bucket_place bucket_with(std::size_t rank) const noexcept {
    std::size_t at = 0, below = 0;
    for (; below + counts_[at] <= rank; ++at) below += counts_[at];
    return {at, below};
  }

  bucket_rule place_;
  std::vector<std::uint64_t> counts_;
  std::vector<std::uint16_t> wanted_;  // by bucket: which of found_; or nothing is wanted
  std::vector<bucket_values> found_;
};

}  // namespace weir::inline v0

#endif  // WEIR_STATS_ORDER_HPP
