// Comparing stretches of a text of bases many at a time, on either strand.
//
// A text is bytes: 0..3, or a larger value below 8 that equals no base and no complement. The
// functions read text[t, t + n) and its source only; a caller sees to it that both lie inside.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace seqcoder {

using Base = std::uint8_t;
using Index = std::int64_t;

/// An alignment without gaps: the source of text[t] is text[sign * t + offset], complemented
/// where sign is -1.
struct Diagonal {
    Index sign;
    Index offset;

    Index source(Index t) const { return sign * t + offset; }
    bool operator==(const Diagonal&) const = default;
};

inline std::uint64_t load_word(const Base* at) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}

inline std::uint64_t turn(std::uint64_t word) { return __builtin_bswap64(word); }

/// text[t, t + 8) XOR its source, a byte a base, the first base lowest.
inline std::uint64_t differences(const Base* text, Index t, Diagonal d) {
    if (d.sign > 0) return load_word(text + t) ^ load_word(text + t + d.offset);
    return load_word(text + t) ^ turn(load_word(text + d.offset - t - 7)) ^ 0x0303030303030303u;
}

inline bool differs(const Base* text, Index t, Diagonal d) {
    const Base source = text[d.source(t)];
    return text[t] != (d.sign > 0 ? source : static_cast<Base>(source ^ 3));
}

#if defined(__AVX2__)
inline __m256i load_32(const Base* at) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}

/// The 32 bytes in the opposite order.
inline __m256i turn_32(__m256i bytes) {
    const __m256i order = _mm256_setr_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 15,
                                           14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    return _mm256_permute4x64_epi64(_mm256_shuffle_epi8(bytes, order), 0x4E);
}

/// One bit for each of text[t, t + 32) that differs from its source, the first base lowest.
inline std::uint32_t difference_mask(const Base* text, Index t, Diagonal d) {
    const __m256i mine = load_32(text + t);
    const __m256i source = d.sign > 0 ? load_32(text + t + d.offset)
                                      : _mm256_xor_si256(turn_32(load_32(text + d.offset - t - 31)),
                                                         _mm256_set1_epi8(3));
    return ~static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(mine, source)));
}
#endif

/// How many of text[t, t + n) in a row, from the first, equal their source.
inline Index matches_on(const Base* text, Index t, Diagonal d, Index n) {
    Index i = 0;
#if defined(__AVX2__)
    for (; i + 32 <= n; i += 32) {
        if (const std::uint32_t mask = difference_mask(text, t + i, d)) {
            return i + std::countr_zero(mask);
        }
    }
#endif
    for (; i + 8 <= n; i += 8) {
        if (const std::uint64_t word = differences(text, t + i, d)) {
            return i + (std::countr_zero(word) >> 3);
        }
    }
    while (i < n && !differs(text, t + i, d)) ++i;
    return i;
}

/// How many of text[t - n, t) in a row, from the last, equal their source.
inline Index matches_back(const Base* text, Index t, Diagonal d, Index n) {
    Index i = 0;
#if defined(__AVX2__)
    for (; i + 32 <= n; i += 32) {
        if (const std::uint32_t mask = difference_mask(text, t - i - 32, d)) {
            return i + std::countl_zero(mask);
        }
    }
#endif
    for (; i + 8 <= n; i += 8) {
        if (const std::uint64_t word = differences(text, t - i - 8, d)) {
            return i + (std::countl_zero(word) >> 3);
        }
    }
    while (i < n && !differs(text, t - i - 1, d)) ++i;
    return i;
}

/// How many of text[t, t + n) differ from their source.
inline Index mismatches(const Base* text, Index t, Diagonal d, Index n) {
    Index bad = 0;
    Index i = 0;
#if defined(__AVX2__)
    for (; i + 32 <= n; i += 32) bad += std::popcount(difference_mask(text, t + i, d));
#endif
    for (; i + 8 <= n; i += 8) {
        const std::uint64_t word = differences(text, t + i, d);
        // Values are below 8: three bits say whether a byte differs.
        bad += std::popcount((word | word >> 1 | word >> 2) & 0x0101010101010101u);
    }
    for (; i < n; ++i) bad += differs(text, t + i, d);
    return bad;
}

/// Write the reverse complement of source[0, n) to out[0, n), other memory.
inline void copy_reverse(const Base* source, Index n, Base* out) {
    Index i = 0;
#if defined(__AVX2__)
    const __m256i three = _mm256_set1_epi8(3);
    for (; i + 32 <= n; i += 32) {
        const __m256i turned = _mm256_xor_si256(turn_32(load_32(source + n - i - 32)), three);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), turned);
    }
#endif
    for (; i + 8 <= n; i += 8) {
        std::uint64_t word;
        std::memcpy(&word, source + n - i - 8, sizeof word);
        word = turn(word) ^ 0x0303030303030303u;
        std::memcpy(out + i, &word, sizeof word);
    }
    for (; i < n; ++i) out[i] = source[n - 1 - i] ^ 3;
}

}  // namespace seqcoder
