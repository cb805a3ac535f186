// weir/trace/event_shapes.hpp - how events looked that came before, to be recognized as a whole when they come again.
// Needs the standard library.
//
// A model runs the same kernels layer by layer and step by step, and a profiler writes each of them with the same
// words: two events of one kernel differ in their times and in some numbers of their arguments. Which kernel comes next
// is told by the last two, so that an event is compared with what it is likely to be instead of being read: some five
// instructions for 64 bytes, and what stands behind it is found without waiting for what it holds.
#ifndef WEIR_TRACE_EVENT_SHAPES_HPP
#define WEIR_TRACE_EVENT_SHAPES_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>

#include "weir/trace/kept_text.hpp"
#include "weir/trace/kineto_event.hpp"
#include "weir/trace/sampled_hash.hpp"
#include "weir/trace/written_ns.hpp"

namespace weir::inline v0 {

/// What an event looked like, but for its time and duration and for the numbers in its arguments.
class event_shape {
 public:
  explicit event_shape(std::size_t its_id) noexcept : id(its_id) {}

  std::size_t id;                   ///< Of the place where it is kept.
  kept_text head;                   ///< From behind its brace to its time.
  kept_text tail;                   ///< From behind its duration to its last brace; other digits may stand in it.
  detail::written_before duration;  ///< The last one.
  std::uint32_t mark = 0;           ///< See kineto_event::mark.

  /// The parts of `text`. \pre  head.begins(text)
  [[nodiscard]] std::string_view phase(const char* text) const noexcept { return in(text, phase_); }
  [[nodiscard]] std::string_view category(const char* text) const noexcept { return in(text, category_); }
  void give_names(const char* text, kineto_event& event) noexcept {
    event.name = in(text, name_), event.pid = in(text, pid_), event.tid = in(text, tid_);
    event.mark = &mark;
  }
  /// \pre  tail.begins_but_digits(text)
  [[nodiscard]] std::string_view args(const char* text) const noexcept { return in(text, args_); }

  /// \param parts  the event that was read from both texts.
  void keep(std::string_view head_text, std::string_view tail_text, const kineto_event& parts) noexcept {
    head.keep(head_text);
    tail.keep(tail_text);
    phase_ = of(head_text, parts.phase), category_ = of(head_text, parts.category), name_ = of(head_text, parts.name);
    pid_ = of(head_text, parts.pid), tid_ = of(head_text, parts.tid), args_ = of(tail_text, parts.args);
    duration = {};
    mark = 0;
  }
  /// Whether both texts are its own, but for digits in the second.
  [[nodiscard]] bool is(std::string_view head_text, std::string_view tail_text) const noexcept {
    return head.text() == head_text && tail.size() == tail_text.size() && tail.begins_but_digits(tail_text);
  }

 private:
  struct part {
    std::uint16_t begin = 0, size = 0;
  };
  static part of(std::string_view whole, std::string_view piece) noexcept {
    return {static_cast<std::uint16_t>(piece.data() - whole.data()), static_cast<std::uint16_t>(piece.size())};
  }
  static std::string_view in(const char* text, part at) noexcept { return {text + at.begin, at.size}; }

  part phase_, category_, name_, pid_, tid_;  // in the head
  part args_;                                 // in the tail
};

/// The shapes that came before, and which of them followed which two.
/// \complexity  memory is each of at most 1024 shapes' text of at most 4 KB, and 48 KB.
class event_shapes {
 public:
  event_shapes() = default;
  event_shapes(const event_shapes&) = delete;  // it points into itself
  event_shapes& operator=(const event_shapes&) = delete;

  /// The shape that is likely now; null where none is.
  [[nodiscard]] event_shape* likely() const noexcept { return next_[context_]; }
  /// Says that `shape` came.
  void came(const event_shape& shape) noexcept {
    context_ = (((last_ << 10U) | shape.id) * 0x9E3779B97F4A7C15U) >> 52U;
    last_ = shape.id;
  }
  /// Says what came where likely() was not it.
  /// \param parts  the event that was read from both texts.
  /// \return  its shape; null where it is too long to be kept.
  event_shape* learn(std::string_view head, std::string_view tail, const kineto_event& parts) {
    if (head.size() > kept_text::most || tail.size() > kept_text::most) return nullptr;
    event_shape*& slot = slot_of(head, tail);
    if (slot == nullptr) slot = all_.size() < most ? &all_.emplace_back(all_.size()) : &all_[head.size() * 31 % most];
    if (!slot->is(head, tail)) slot->keep(head, tail, parts);
    next_[context_] = slot;
    came(*slot);
    return slot;
  }

 private:
  static constexpr std::size_t most = 1024, tries = 4;

  event_shape*& slot_of(std::string_view head, std::string_view tail) noexcept {
    constexpr std::uint64_t upper_halves = 0xF0F0F0F0F0F0F0F0;  // the same for all digits
    const std::uint64_t hash = sampled_hash(head) ^ sampled_hash(tail, upper_halves);
    for (std::size_t i = 0; i < tries; ++i) {
      event_shape*& slot = slots_[(hash + i) % slots_.size()];
      if (slot == nullptr || slot->is(head, tail)) return slot;
    }
    return slots_[hash % slots_.size()];
  }

  std::deque<event_shape> all_;
  std::array<event_shape*, 2048> slots_{};  // by hash
  std::array<event_shape*, 4096> next_{};   // by the last two that came
  std::uint64_t context_ = 0, last_ = 0;
};

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_EVENT_SHAPES_HPP
