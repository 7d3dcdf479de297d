// Mixing: scores are weighted sums of what the inputs say, a softmax makes probabilities of them,
// and the weights move along (truth - probability) times input.
//
// Bounds: an input is at most 2047 in size and a weight below 2^18, so that the product of a weight
// shifted down by 4 with an input is below 2^25; of at most 32 inputs the sum is below 2^30 and
// the difference of two sums below 2^31. Errors are below 2^15 and their absolute values sum to
// less than 2^16 + 4, so that a gradient is below 2^28; shifted down by 7 it is below 2^21, times
// a rate of at most 2^9 below 2^30.
#pragma once

#include <algorithm>
#include <array>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "range_coder.hpp"
#include "tables.hpp"

namespace seqcoder {

inline constexpr i32 LARGEST_WEIGHT = (1 << 18) - 1;

/// How far each base's score lies behind the best one's, in 4096ths: 0..65535.
using Behind = Four;

/// Half of the difference between what was coded (65536 or 0) and what was expected.
using Errors = Four;

inline Errors errors_of(const Frequencies& f, u32 base) {
    const Four expected{static_cast<i32>(f.of[0]), static_cast<i32>(f.of[1]),
                        static_cast<i32>(f.of[2]), static_cast<i32>(f.of[3])};
    const Four is_base = Four{0, 1, 2, 3} == Four{} + static_cast<i32>(base);
    return ((is_base & 65536) - expected) >> 1;
}

/// A softmax of integers: frequencies of scores that lie `behind` the best one.
inline Frequencies softmax(const Behind& behind, const Tables& t) {
    u64 e[4];
    for (size_t s = 0; s < 4; ++s) e[s] = t.exponential[behind[s] >> 4];
    // One of them is 65535, so the sum is in 2^16 - 1..2^18. A double holds both numbers exactly,
    // and their quotient, below 2^25, rounded down is that of integers: were it just below a
    // whole number k, it would be so by at least 1 / 2^18, far more than k's last bit.
    const auto sum = static_cast<double>(static_cast<i64>(e[0] + e[1] + e[2] + e[3]));
    const auto share =
        static_cast<u64>(static_cast<i64>(static_cast<double>(u64{65528} << 24) / sum));
    Frequencies f;
    f.of[0] = static_cast<u32>(e[0] * share >> 24) + 1;
    f.of[1] = static_cast<u32>(e[1] * share >> 24) + 1;
    f.of[2] = static_cast<u32>(e[2] * share >> 24) + 1;
    f.of[3] = 65536 - f.of[0] - f.of[1] - f.of[2];
    return f;
}

#if defined(__AVX2__)

/// The inputs of one base, INPUTS of them (a multiple of 8), and what is done with weights.
///
/// Eight inputs lie in two registers of four by four bases; the multiply-add that makes scores
/// pairs inputs 0 and 4, 2 and 6, 1 and 5, 3 and 7, and the gradient's sums come out in the order
/// 0 1 4 5 2 3 6 7, in which the weights are kept.
template <size_t INPUTS>
class Mixer {
    static_assert(INPUTS % 8 == 0 && INPUTS <= 32);
    static constexpr size_t EIGHTS = INPUTS / 8;

  public:
    /// Where a vector of weights holds that of an input.
    static constexpr size_t place(size_t input) {
        constexpr std::array<size_t, 8> order{0, 1, 4, 5, 2, 3, 6, 7};
        return input / 8 * 8 + order[input % 8];
    }

    void load(const Features* f) {
        for (size_t k = 0; k < EIGHTS; ++k, f += 8) {
            first_[k] = four(f);
            second_[k] = four(f + 4);
        }
    }

    Behind score(const i32* weights) const {
        __m256i sum = _mm256_setzero_si256();
        for (size_t k = 0; k < EIGHTS; k += 2) {
            const __m256i low = weights_at(weights + 8 * k);
            const bool whole = k + 1 < EIGHTS;
            const __m256i high = whole ? weights_at(weights + 8 * k + 8) : _mm256_setzero_si256();
            const __m256i both =
                _mm256_packs_epi32(_mm256_srai_epi32(low, 4), _mm256_srai_epi32(high, 4));
            sum = _mm256_add_epi32(sum, paired(k, both, 0x05040100, 0x07060302));
            if (whole) sum = _mm256_add_epi32(sum, paired(k + 1, both, 0x0D0C0908, 0x0F0E0B0A));
        }
        const __m128i z =
            _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
        __m128i best = _mm_max_epi32(z, _mm_shuffle_epi32(z, 0x4E));
        best = _mm_max_epi32(best, _mm_shuffle_epi32(best, 0xB1));
        const __m128i behind =
            _mm_min_epi32(_mm_srai_epi32(_mm_sub_epi32(best, z), 8), _mm_set1_epi32(65535));
        return reinterpret_cast<Four>(behind);
    }

    void learn(i32* weights, const Errors& errors, i32 rate) const {
        const auto e = reinterpret_cast<__m128i>(errors);
        const __m256i error = _mm256_broadcastq_epi64(_mm_packs_epi32(e, e));
        const __m256i most = _mm256_set1_epi32(LARGEST_WEIGHT);
        const __m256i least = _mm256_set1_epi32(-LARGEST_WEIGHT);
        for (size_t k = 0; k < EIGHTS; ++k) {
            const __m256i gradient = _mm256_hadd_epi32(_mm256_madd_epi16(first_[k], error),
                                                       _mm256_madd_epi16(second_[k], error));
            __m256i step =
                _mm256_mullo_epi32(_mm256_srai_epi32(gradient, 7), _mm256_set1_epi32(rate));
            step = _mm256_srai_epi32(_mm256_add_epi32(step, _mm256_set1_epi32(8192)), 14);
            const __m256i moved = _mm256_add_epi32(weights_at(weights + 8 * k), step);
            _mm256_store_si256(reinterpret_cast<__m256i*>(weights + 8 * k),
                               _mm256_max_epi32(_mm256_min_epi32(moved, most), least));
        }
    }

  private:
    static __m256i four(const Features* f) {
        return _mm256_setr_epi64x(static_cast<i64>(f[0]), static_cast<i64>(f[1]),
                                  static_cast<i64>(f[2]), static_cast<i64>(f[3]));
    }
    static __m256i weights_at(const i32* weights) {
        return _mm256_load_si256(reinterpret_cast<const __m256i*>(weights));
    }
    __m256i paired(size_t k, __m256i weights, i32 pick_low, i32 pick_high) const {
        const __m256i low = _mm256_shuffle_epi8(weights, _mm256_set1_epi32(pick_low));
        const __m256i high = _mm256_shuffle_epi8(weights, _mm256_set1_epi32(pick_high));
        return _mm256_add_epi32(
            _mm256_madd_epi16(_mm256_unpacklo_epi16(first_[k], second_[k]), low),
            _mm256_madd_epi16(_mm256_unpackhi_epi16(first_[k], second_[k]), high));
    }

    __m256i first_[EIGHTS];
    __m256i second_[EIGHTS];
};

#else

/// The inputs of one base, INPUTS of them (a multiple of 8), and what is done with weights.
template <size_t INPUTS>
class Mixer {
    static_assert(INPUTS % 8 == 0 && INPUTS <= 32);

  public:
    /// Where a vector of weights holds that of an input.
    static constexpr size_t place(size_t input) { return input; }

    void load(const Features* f) {
        for (size_t j = 0; j < INPUTS; ++j)
            for (unsigned s = 0; s < 4; ++s) inputs_[s][j] = static_cast<i16>(feature_of(f[j], s));
    }

    Behind score(const i32* weights) const {
        Behind z{};
        for (size_t s = 0; s < 4; ++s) {
            i32 sum = 0;
            for (size_t j = 0; j < INPUTS; ++j) sum += (weights[j] >> 4) * inputs_[s][j];
            z[s] = sum;
        }
        const i32 best = std::max(std::max(z[0], z[1]), std::max(z[2], z[3]));
        for (size_t s = 0; s < 4; ++s) z[s] = std::min((best - z[s]) >> 8, 65535);
        return z;
    }

    void learn(i32* weights, const Errors& e, i32 rate) const {
        for (size_t j = 0; j < INPUTS; ++j) {
            const i32 gradient = e[0] * inputs_[0][j] + e[1] * inputs_[1][j] +
                                 e[2] * inputs_[2][j] + e[3] * inputs_[3][j];
            const i32 moved = weights[j] + (((gradient >> 7) * rate + 8192) >> 14);
            weights[j] = std::clamp(moved, -LARGEST_WEIGHT, LARGEST_WEIGHT);
        }
    }

  private:
    i16 inputs_[4][INPUTS];
};

#endif

}  // namespace seqcoder
