// Constant tables of the mixing coder: logarithms, exponentials, states of small counts.
#pragma once

#include <array>
#include <vector>

#include "integers.hpp"

namespace seqcoder {

/// What four inputs say, one a base: 16-bit integers, that of base s in bits 16 s and up.
using Features = u64;

/// Put four values below 2^15 in size into one word.
constexpr Features pack_features(i32 a, i32 c, i32 g, i32 t) {
    return u64{static_cast<u16>(a)} | u64{static_cast<u16>(c)} << 16 |
           u64{static_cast<u16>(g)} << 32 | u64{static_cast<u16>(t)} << 48;
}

/// The value for one base.
constexpr i32 feature_of(Features features, unsigned base) {
    return static_cast<i16>(features >> (16 * base) & 0xFFFF);
}

/// A probability has 22 bits in maps and votes.
inline constexpr i32 ONE = (1 << 22) - 1;

/// What a state of four sorted small counts means: probabilities by rank, and beside them their
/// logarithms, which are what is read. One in two cache lines' halves: 32 bytes.
struct alignas(32) MapRow {
    Four probability;    // 2048..ONE
    Features logarithm;  // of probability >> 10, from log_probability
    u64 unused;
};

/// The logarithm of a count of 8 bits: 177/256 of the binary one of count + 26/64, which is taken
/// from a float's exponent and, linearly, the first 8 bits of its fraction. -238..1409.
inline i32 count_logarithm(u32 count) {
    const auto bits = std::bit_cast<u32>(static_cast<float>(count * 64 + 26));  // exact
    const i32 binary = static_cast<i32>(bits >> 15) - (127 + 6) * 256;
    return binary * 177 >> 8;
}

/// States of four counts below 16, sorted: combinations with repetition, C(19, 4).
inline constexpr size_t NIBBLE_STATES = 3876;

struct Tables {
    /// What four counts of 8 bits say, one a base.
    Features of_counts(u32 counts) const {
        return pack_features(count_log[counts & 255], count_log[counts >> 8 & 255],
                             count_log[counts >> 16 & 255], count_log[counts >> 24]);
    }

    /// Logarithms of counts of 8 bits.
    i16 count_log[256];
    /// 256 ln of a probability of 12 bits: -2307..0; from index 2 on at least -1895.
    i16 log_probability[4096];
    /// 256 ln(3 p / (1 - p)), at least 0 and below 2^12, p of 12 bits.
    u16 vote[4096];
    /// 65535 exp(-x / 256), below 2^16.
    u32 exponential[4096];
    /// 65536 / (count + 1.5), rounded down: below 2^16.
    u32 reciprocal[1024];
    /// Of four counts of 4 bits: the state's number (below 3876) times 256, and for each base two
    /// bits that say its rank among the counts, the largest being 0 (of equals, A before T).
    u32 nibble_state[65536];
    /// Bytes (as for `pshufb`) that put the logarithms by rank in the order of the bases.
    u64 rank_bytes[256];
    /// What the states mean at first.
    std::vector<MapRow> start_rows;
    /// Class (low 4 bits) and the class seen from the opposite strand (high 4 bits).
    u8 two_classes[16];
};

/// The tables, built once.
const Tables& tables();

}  // namespace seqcoder
