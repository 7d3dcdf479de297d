// The bases coded so far, as the models need them.
#pragma once

#include <algorithm>
#include <vector>

#include "zeroed.hpp"

namespace seqcoder {

/// Bases between the sight of a place on the opposite strand and its update, so that memory has
/// time to answer.
inline constexpr size_t DELAY = 8;
/// Bases before anything is done on the opposite strand: more than any order or seed.
inline constexpr size_t START = 32;

/// Classes of a chunk's bases with those seen from the opposite strand; zeros behind the end.
class Classes {
  public:
    /// The first `given` (at most `n`) classes may be any bytes, their low four bits count; the
    /// rest are 0.
    Classes(const u8* classes, size_t given, size_t n, const u8 (&two_classes)[16])
        : both_(n + AHEAD, 0) {
        for (size_t i = 0; i < given; ++i) both_[i] = two_classes[classes[i] & 15];
    }
    /// Those of the `start` bases of a chunk, and behind them those of `n` more.
    Classes(const Classes& before, size_t start, const u8* classes, size_t given, size_t n,
            const u8 (&two_classes)[16])
        : both_(start + n + AHEAD, 0) {
        std::copy_n(before.both_.begin(), start, both_.begin());
        for (size_t i = 0; i < given; ++i) both_[start + i] = two_classes[classes[i] & 15];
    }

    /// The class of base i, 0..15; i is less than the number of bases plus AHEAD.
    u32 at(size_t i) const { return both_[i] & 15; }
    /// The same seen from the opposite strand.
    u32 opposite(size_t i) const { return both_[i] >> 4; }

    static constexpr size_t AHEAD = 8;

  private:
    std::vector<u8> both_;
};

/// All bases so far, 32 a word, the first in the highest bits; and the last 32 of either strand.
class History {
  public:
    explicit History(size_t n) : words_(n / 32 + 4) {}
    /// Room for `n` bases in all, of which `before` holds the first.
    History(const History& before, size_t n)
        : words_(before.words_, std::max(before.words_.size(), n / 32 + 4)),
          forward_(before.forward_),
          backward_(before.backward_) {}

    void append(size_t i, u32 base) {
        words_[i >> 5] |= u64{base} << (62 - 2 * (i & 31));
        forward_ = forward_ << 2 | base;
        backward_ = backward_ >> 2 | u64{3 - base} << 62;
    }

    /// The last 32 bases, the latest in the lowest bits.
    u64 forward() const { return forward_; }
    /// Their reverse complement: the complement of the latest in the highest bits.
    u64 backward() const { return backward_; }

    u32 base(size_t i) const { return static_cast<u32>(words_[i >> 5] >> (62 - 2 * (i & 31)) & 3); }

    /// 32 bases from i on, the first in the highest bits; i is at most the number of bases.
    u64 window(size_t i) const {
        const unsigned skip = 2 * (i & 31);
        return words_[i >> 5] << skip | words_[(i >> 5) + 1] >> 1 >> (63 - skip);
    }
    const u64* word_of(size_t i) const { return words_.data() + (i >> 5); }

  private:
    Zeroed<u64> words_;
    u64 forward_ = 0;
    u64 backward_ = 0;
};

}  // namespace seqcoder
