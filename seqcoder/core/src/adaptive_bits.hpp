// Binary arithmetic coding with adaptive probabilities, for data of some kilobytes.
//
// Carry-less range coding as in Mahoney's lpaq: the interval is [low, high] in 32 bits and loses
// its leading byte once both ends agree on it. Probabilities have 16 bits and move by the inverse
// of what has been seen, down to a `kSlowest`-th.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace seqcoder {

/// A probability moves by no less than an inverse of this.
inline constexpr std::size_t kSlowest = 160;

/// 1 / (seen + 1.6) in 2^-16, at most 40,960.
constexpr std::array<std::uint16_t, kSlowest> make_bit_rates() {
    std::array<std::uint16_t, kSlowest> rates{};
    for (std::uint32_t seen = 0; seen < kSlowest; ++seen) {
        rates[seen] = static_cast<std::uint16_t>(655360 / (10 * seen + 16));
    }
    return rates;
}

inline constexpr std::array<std::uint16_t, kSlowest> kBitRates = make_bit_rates();

/// How probable a one is, in 2^-16: it stays within 32..65504.
class AdaptiveBit {
  public:
    constexpr AdaptiveBit() = default;

    /// Start from a probability (32 to 65504) as if `seen` bits (below `kSlowest`) had led to it.
    constexpr AdaptiveBit(std::uint32_t probability, std::uint32_t seen)
        : probability_(probability), seen_(seen) {}

    constexpr std::uint32_t probability() const { return probability_; }

    constexpr void update(unsigned bit) {
        // 65,536 by a rate of at most 40,960 stays below 2^32.
        constexpr std::uint32_t margin = 32;
        const std::uint32_t rate = kBitRates[seen_];
        if (bit != 0) {
            probability_ += (65536 - margin - probability_) * rate >> 16;
        } else {
            probability_ -= (probability_ - margin) * rate >> 16;
        }
        if (seen_ + 1U < kSlowest) ++seen_;
    }

  private:
    std::uint32_t probability_ = 1 << 15;
    std::uint32_t seen_ = 0;
};

/// The interval both sides keep. Once agreed bytes are shifted out, low < high, so that
/// low <= split < high and both halves hold a value.
class BitInterval {
  public:
    std::uint32_t split(std::uint32_t probability) const {
        // The product is below 2^48, the quotient below high - low.
        return low_ + static_cast<std::uint32_t>(std::uint64_t{high_ - low_} * probability >> 16);
    }

    void narrow(std::uint32_t split, unsigned bit) {
        (bit != 0 ? high_ : low_) = split + (bit == 0);
    }

    bool agrees() const { return ((low_ ^ high_) >> 24) == 0; }

    std::uint8_t shift() {
        const auto leading = static_cast<std::uint8_t>(high_ >> 24);
        low_ <<= 8;
        high_ = high_ << 8 | 255;
        return leading;
    }

    /// A last byte: with zeros behind it, it lies in the interval, as the leading bytes differ.
    std::uint8_t last() const { return static_cast<std::uint8_t>(high_ >> 24); }

  private:
    std::uint32_t low_ = 0;
    std::uint32_t high_ = 0xFFFFFFFF;
};

/// Writes bits.
class BitEncoder {
  public:
    static constexpr bool kDecodes = false;

    explicit BitEncoder(std::vector<std::uint8_t>& out) : out_(out) {}

    unsigned code(AdaptiveBit& model, unsigned bit) {
        interval_.narrow(interval_.split(model.probability()), bit);
        model.update(bit);
        while (interval_.agrees()) out_.push_back(interval_.shift());
        return bit;
    }

    void finish() { out_.push_back(interval_.last()); }

  private:
    std::vector<std::uint8_t>& out_;
    BitInterval interval_;
};

/// Reads bits: zeros beyond the end of its data, never the memory there.
class BitDecoder {
  public:
    static constexpr bool kDecodes = true;

    BitDecoder(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {
        for (int k = 0; k < 4; ++k) value_ = value_ << 8 | next();
    }

    unsigned code(AdaptiveBit& model, unsigned) {
        const std::uint32_t split = interval_.split(model.probability());
        const unsigned bit = value_ <= split;
        interval_.narrow(split, bit);
        model.update(bit);
        while (interval_.agrees()) {
            interval_.shift();
            value_ = value_ << 8 | next();
        }
        return bit;
    }

    /// Whether exactly the data given were read: the encoder writes one byte for the four that a
    /// decoder is ahead by.
    bool finished() const { return read_ == size_ + 3; }

    /// Whether more was read than any encoder wrote.
    bool overrun() const { return read_ > size_ + 3; }

  private:
    std::uint32_t next() {
        const std::size_t at = read_++;
        return at < size_ ? data_[at] : 0;
    }

    const std::uint8_t* data_;
    std::size_t size_;
    std::size_t read_ = 0;
    std::uint32_t value_ = 0;
    BitInterval interval_;
};

}  // namespace seqcoder
