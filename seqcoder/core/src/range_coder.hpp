// The range coder: 64-bit range, frequencies that sum to 2^16, carry into what is written.
#pragma once

#include <cstring>
#include <vector>

#include "integers.hpp"

namespace seqcoder {

/// Probabilities of the four bases, times 2^16: each at least 1, their sum 2^16.
struct Frequencies {
    u32 of[4];
};

/// Bytes that must be shifted out so that a range is at least 2^32 again. A range never falls
/// below 2^16: it is at least 2^32 before a base, which keeps 2^-16 of it or more.
inline unsigned bytes_to_shift(u64 range) {
    const int zeros = std::countl_zero(range);
    return zeros < 32 ? 0 : static_cast<unsigned>(zeros >> 3) - 3;
}

/// Splits a range among the bases; the last one gets what rounding leaves.
struct Split {
    u64 below[5];

    Split(u64 range, const Frequencies& f) {
        const u64 unit = range >> 16;
        below[0] = 0;
        below[1] = unit * f.of[0];
        below[2] = unit * (f.of[0] + f.of[1]);
        below[3] = unit * (f.of[0] + f.of[1] + f.of[2]);
        below[4] = range;
    }
};

class RangeEncoder {
  public:
    /// Make room for `bases` more bases. One costs 16 bits and what rounding takes, less than
    /// 2^-15 of a bit; 16 bytes more for what is written ahead and at the end.
    void reserve(size_t bases) {
        const size_t need = at_ + 2 * bases + bases / 8192 + 32;
        if (bytes_.size() < need) bytes_.resize(need + need / 2);
    }

    void put(const Frequencies& frequencies, unsigned base) {
        const Split split(range_, frequencies);
        const u64 add = split.below[base];
        range_ = split.below[base + 1] - add;
        low_ += add;
        if (low_ < add) [[unlikely]]
            carry();
        const unsigned shift = bytes_to_shift(range_);
        u64 out = low_;
        if constexpr (std::endian::native == std::endian::little) out = __builtin_bswap64(out);
        std::memcpy(bytes_.data() + at_, &out, 8);  // all eight; the next call goes on at `at_`
        low_ <<= 8 * shift;
        range_ <<= 8 * shift;
        at_ += shift;
    }

    std::vector<u8> finish() {
        for (int k = 0; k < 8; ++k) bytes_[at_++] = static_cast<u8>(low_ >> (56 - 8 * k));
        bytes_.resize(at_);
        return std::move(bytes_);
    }

  private:
    // The number written so far, with `low_`, stays below 1: there is a byte that is not 255.
    void carry() {
        size_t at = at_ - 1;
        while (bytes_[at] == 255) bytes_[at--] = 0;
        ++bytes_[at];
    }

    std::vector<u8> bytes_;
    size_t at_ = 0;
    u64 low_ = 0;
    u64 range_ = ~u64{0};
};

class RangeDecoder {
  public:
    /// Any bytes are a payload; it goes on with zeros behind its end.
    RangeDecoder(const u8* payload, size_t size) : bytes_(size + 16, 0), size_(size) {
        if (size > 0) std::memcpy(bytes_.data(), payload, size);
        value_ = load();
        at_ = size_ < 8 ? size_ : 8;
        taken_ = 8;
    }

    unsigned get(const Frequencies& frequencies) {
        const Split split(range_, frequencies);
        const unsigned base = static_cast<unsigned>(value_ >= split.below[1]) +
                              static_cast<unsigned>(value_ >= split.below[2]) +
                              static_cast<unsigned>(value_ >= split.below[3]);
        value_ -= split.below[base];
        range_ = split.below[base + 1] - split.below[base];
        const unsigned shift = bytes_to_shift(range_);
        range_ <<= 8 * shift;
        value_ = value_ << (8 * shift) | load() >> 1 >> (63 - 8 * shift);
        at_ = at_ + shift < size_ ? at_ + shift : size_;
        taken_ += shift;
        return base;
    }

    /// Bytes taken from the payload, those behind its end as well.
    u64 taken() const { return taken_; }
    u64 range() const { return range_; }

  private:
    // `at_` is at most `size_`, and 16 zeros follow.
    u64 load() const {
        u64 word;
        std::memcpy(&word, bytes_.data() + at_, 8);
        if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
        return word;
    }

    std::vector<u8> bytes_;
    size_t size_;
    size_t at_ = 0;
    u64 taken_ = 0;
    u64 value_ = 0;
    u64 range_ = ~u64{0};
};

}  // namespace seqcoder
