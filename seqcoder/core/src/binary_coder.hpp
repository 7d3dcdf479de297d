// An adaptive binary arithmetic coder; what codes with it reads as one for writing and reading.
//
// Interval coder over 32 bits (Witten, Neal and Cleary 1987; the carry-free form with equal leading
// bytes shifted out is that of the public PAQ family). A probability is 16 bits: the mean of a fast
// and a slow adaptive counter, the slow one moving by 1/128 a step once it has settled. The range
// is below 2^32 and a probability below 2^16, so their product stays below 2^48.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace seqcoder {

/// What a context knows of its next bit.
struct BitContext {
    // The two lie apart: compilers handle neighbours as a vector of two, which takes longer.
    std::uint16_t fast = 32768;
    std::uint16_t seen = 0;
    std::uint16_t slow = 32768;

    /// The probability of a 1 in 1/65536, 24..65512.
    std::uint32_t probability() const {
        return std::clamp((std::uint32_t{fast} + slow) >> 1, 24u, 65512u);
    }
    void update(int bit) {
        // The first bits of a context move it by 1/2, 1/4, 1/4, 1/8, ...
        const auto rate = static_cast<int>(std::bit_width(seen + 1u));
        const int quick = std::min(rate, 4);
        if (seen < 127) ++seen;
        if (bit) {
            fast = static_cast<std::uint16_t>(fast + ((65535 - fast) >> quick));
            slow = static_cast<std::uint16_t>(slow + ((65535 - slow) >> rate));
        } else {
            fast = static_cast<std::uint16_t>(fast - (fast >> quick));
            slow = static_cast<std::uint16_t>(slow - (slow >> rate));
        }
    }
};

/// Writes bits to a growing buffer.
class BitWriter {
  public:
    static constexpr bool reads = false;

    /// Code `bit`, which is 1 with probability p / 65536; returns it.
    int code(std::uint32_t p, int bit) {
        const std::uint32_t middle =
            low_ + static_cast<std::uint32_t>(std::uint64_t{high_ - low_} * p >> 16);
        (bit ? high_ : low_) = bit ? middle : middle + 1;
        while ((low_ ^ high_) >> 24 == 0) {
            bytes_.push_back(static_cast<std::uint8_t>(high_ >> 24));
            low_ <<= 8;
            high_ = high_ << 8 | 255;
        }
        return bit;
    }
    int code_rare(std::uint32_t p, int bit) { return code(p, bit); }

    /// End with the fewest bytes that name a number in the interval: the reader reads zeros after
    /// them.
    std::vector<std::uint8_t> finish() {
        for (int keep = 0; keep <= 4; ++keep) {
            const int free = 32 - 8 * keep;
            const std::uint64_t mask = (std::uint64_t{1} << free) - 1;
            const std::uint64_t value = (low_ + mask) & ~mask;
            if (value > high_) continue;
            for (int i = 0; i < keep; ++i) {
                bytes_.push_back(static_cast<std::uint8_t>(value >> (24 - 8 * i)));
            }
            break;
        }
        return std::move(bytes_);
    }

  private:
    std::uint32_t low_ = 0;
    std::uint32_t high_ = 0xFFFFFFFF;
    std::vector<std::uint8_t> bytes_;
};

/// Reads bits; after the last byte come zeros.
class BitReader {
  public:
    static constexpr bool reads = true;

    explicit BitReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {
        for (int i = 0; i < 4; ++i) window_ = window_ << 8 | next();
    }

    /// Return the next bit, which is 1 with probability p / 65536; the other argument is nothing.
    int code(std::uint32_t p, int) {
        const std::uint32_t middle =
            low_ + static_cast<std::uint32_t>(std::uint64_t{high_ - low_} * p >> 16);
        const int bit = window_ <= middle;
        low_ = bit ? low_ : middle + 1;
        high_ = bit ? middle : high_;
        shift();
        return bit;
    }
    /// The same of a bit that is seldom 1: told by a branch, so that the processor goes on with
    /// what follows a 0 before it is known.
    int code_rare(std::uint32_t p, int) {
        const std::uint32_t middle =
            low_ + static_cast<std::uint32_t>(std::uint64_t{high_ - low_} * p >> 16);
        if (window_ <= middle) [[unlikely]] {
            high_ = middle;
            shift();
            return 1;
        }
        low_ = middle + 1;
        shift();
        return 0;
    }

  private:
    void shift() {
        while ((low_ ^ high_) >> 24 == 0) {
            window_ = window_ << 8 | next();
            low_ <<= 8;
            high_ = high_ << 8 | 255;
        }
    }
    std::uint32_t next() { return at_ < bytes_.size() ? bytes_[at_++] : 0u; }

    std::uint32_t low_ = 0;
    std::uint32_t high_ = 0xFFFFFFFF;
    std::uint32_t window_ = 0;
    std::span<const std::uint8_t> bytes_;
    std::size_t at_ = 0;
};

/// Code a bit under an adaptive context; returns it.
template <typename Coder>
[[gnu::always_inline]] inline int code_bit(Coder& coder, BitContext& context, int bit) {
    bit = coder.code(context.probability(), bit);
    context.update(bit);
    return bit;
}

/// The same of a bit that is seldom 1.
template <typename Coder>
[[gnu::always_inline]] inline int code_rare_bit(Coder& coder, BitContext& context, int bit) {
    if (coder.code_rare(context.probability(), bit)) [[unlikely]] {
        context.update(1);
        return 1;
    }
    context.update(0);
    return 0;
}

/// Contexts that `code_number` uses: 64 for the length, 192 for the leading digits.
inline constexpr std::size_t LADDER = 256;

/// Code a number in [0, 2^40) as its bit length (unary, adaptive) and its bits, the two after the
/// leading one adaptive. What is read is below 2^41.
template <typename Coder>
[[gnu::always_inline]] inline std::int64_t code_number(Coder& coder, BitContext* ladder,
                                                       std::int64_t value) {
    const auto digits = static_cast<std::uint64_t>(value) + 1;
    constexpr int most = 40;
    int n = 0;
    if constexpr (Coder::reads) {
        while (n < most && code_bit(coder, ladder[n], 0)) ++n;
    } else {
        n = static_cast<int>(std::bit_width(digits)) - 1;
        for (int i = 0; i < n; ++i) code_bit(coder, ladder[i], 1);
        if (n < most) code_bit(coder, ladder[n], 0);
    }
    std::uint64_t result = 1;
    std::size_t context = 1;
    for (int i = 0; i < n; ++i) {
        int bit = static_cast<int>(digits >> (n - 1 - i) & 1);
        if (i < 2) {
            bit = code_bit(coder, ladder[64 + 4 * static_cast<std::size_t>(n) + context], bit);
            context = 2 * context + static_cast<std::size_t>(bit);
        } else {
            bit = coder.code(32768, bit);
        }
        result = 2 * result + static_cast<std::uint64_t>(bit);
    }
    return static_cast<std::int64_t>(result - 1);
}

}  // namespace seqcoder
