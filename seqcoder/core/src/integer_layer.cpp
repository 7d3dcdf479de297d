#include "integer_layer.hpp"

#include <algorithm>
#include <vector>

#if defined(__SSE2__)
#include <immintrin.h>

#include <cstring>
#endif

namespace seqcoder {
namespace {

/// Shift sums of one position, add its residual, clamp. Loops are apart so that each is vectorised.
void finish(const LayerShape& shape, const LayerWeights& layer, std::int32_t* sums,
            const std::int8_t* residual, std::int8_t* output) {
    const std::size_t n = shape.outputs;
    for (std::size_t c = 0; c < n; ++c) sums[c] = (sums[c] + layer.bias[c]) >> layer.shifts[c];
    if (residual != nullptr) {
        for (std::size_t c = 0; c < n; ++c) sums[c] += residual[c];
    }
    const std::int32_t least = shape.relu ? 0 : -127;
    for (std::size_t c = 0; c < n; ++c) {
        output[c] = static_cast<std::int8_t>(std::min(std::max(sums[c], least), 127));
    }
}

/// Positions of input that output `p` reads, as the kernel's places `from` to `to`.
struct Reach {
    std::size_t from;
    std::size_t to;
};

Reach reach(const LayerShape& shape, std::size_t p, std::size_t length) {
    const std::size_t at = p * shape.stride;
    Reach found{0, 0};
    while (found.from < shape.kernel && at + found.from * shape.dilation < shape.padding)
        ++found.from;
    found.to = found.from;
    while (found.to < shape.kernel && at + found.to * shape.dilation - shape.padding < length) {
        ++found.to;
    }
    return found;
}

void run_depthwise(const LayerShape& shape, const LayerWeights& layer, const std::int8_t* input,
                   std::size_t length, const std::int8_t* residual, std::int8_t* output) {
    const std::size_t channels = shape.outputs;
    std::vector<std::int32_t> sums(channels);
    for (std::size_t p = 0; p < length / shape.stride; ++p) {
        std::fill(sums.begin(), sums.end(), 0);
        const Reach places = reach(shape, p, length);
        for (std::size_t k = places.from; k < places.to; ++k) {
            const std::size_t at = p * shape.stride + k * shape.dilation - shape.padding;
            const std::int8_t* row = input + at * channels;
            const std::int8_t* weights = layer.weights + k * channels;
            for (std::size_t c = 0; c < channels; ++c) sums[c] += row[c] * weights[c];
        }
        finish(shape, layer, sums.data(), residual == nullptr ? nullptr : residual + p * channels,
               output + p * channels);
    }
}

/// Output channels computed at a time.
#if defined(__AVX2__)
constexpr std::size_t kLanes = 16;
#else
constexpr std::size_t kLanes = 8;
#endif

/// Positions computed at once, so that a weight loaded serves all of them.
constexpr std::size_t kRows = 4;

/// Weights of pairs of inputs side by side: (pair, output, 2) in 16 bits, outputs rounded up to
/// `kLanes`, what is missing 0.
std::vector<std::int16_t> pair_weights(const LayerShape& shape, const std::int8_t* weights,
                                       std::size_t padded) {
    const std::size_t depth = shape.kernel * shape.inputs;
    std::vector<std::int16_t> pairs((depth + 1) / 2 * padded * 2);
    for (std::size_t k = 0; k < depth; ++k) {
        for (std::size_t c = 0; c < shape.outputs; ++c) {
            pairs[(k / 2 * padded + c) * 2 + k % 2] = weights[k * shape.outputs + c];
        }
    }
    return pairs;
}

#if defined(__AVX2__)
using Vector = __m256i;
constexpr std::size_t kVectors = 2;  // that hold kLanes of 32 bits
inline Vector load(const std::int16_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const Vector*>(from));
}
inline void store(std::int32_t* to, Vector x) {
    _mm256_storeu_si256(reinterpret_cast<Vector*>(to), x);
}
inline Vector repeat(std::int32_t two) { return _mm256_set1_epi32(two); }
inline Vector add_products(Vector total, Vector x, Vector y) {
    return _mm256_add_epi32(total, _mm256_madd_epi16(x, y));
}
#elif defined(__SSE2__)
using Vector = __m128i;
constexpr std::size_t kVectors = 2;
inline Vector load(const std::int16_t* from) {
    return _mm_loadu_si128(reinterpret_cast<const Vector*>(from));
}
inline void store(std::int32_t* to, Vector x) {
    _mm_storeu_si128(reinterpret_cast<Vector*>(to), x);
}
inline Vector repeat(std::int32_t two) { return _mm_set1_epi32(two); }
inline Vector add_products(Vector total, Vector x, Vector y) {
    return _mm_add_epi32(total, _mm_madd_epi16(x, y));
}
#endif

/// Sums of `kRows` positions for `kLanes` outputs: `rows` are (kRows, 2 * pairs) in 16 bits.
void multiply(const std::int16_t* rows, std::size_t pairs, const std::int16_t* weights,
              std::size_t padded, std::int32_t* sums) {
#if defined(__SSE2__)
    constexpr std::size_t lanes = kLanes / kVectors;
    Vector total[kRows][kVectors] = {};
    for (std::size_t k = 0; k < pairs; ++k) {
        Vector weight[kVectors];
        for (std::size_t v = 0; v < kVectors; ++v) {
            weight[v] = load(weights + (k * padded + v * lanes) * 2);
        }
        for (std::size_t r = 0; r < kRows; ++r) {
            std::int32_t two = 0;
            std::memcpy(&two, rows + (r * pairs + k) * 2, sizeof two);
            const Vector both = repeat(two);
            for (std::size_t v = 0; v < kVectors; ++v) {
                total[r][v] = add_products(total[r][v], both, weight[v]);
            }
        }
    }
    for (std::size_t r = 0; r < kRows; ++r) {
        for (std::size_t v = 0; v < kVectors; ++v)
            store(sums + r * padded + v * lanes, total[r][v]);
    }
#else
    for (std::size_t r = 0; r < kRows; ++r) {
        std::int32_t total[kLanes] = {};
        for (std::size_t k = 0; k < pairs; ++k) {
            const std::int16_t* weight = weights + k * padded * 2;
            const std::int32_t first = rows[(r * pairs + k) * 2];
            const std::int32_t second = rows[(r * pairs + k) * 2 + 1];
            for (std::size_t c = 0; c < kLanes; ++c) {
                total[c] += first * weight[2 * c] + second * weight[2 * c + 1];
            }
        }
        std::copy_n(total, kLanes, sums + r * padded);
    }
#endif
}

void run_dense(const LayerShape& shape, const LayerWeights& layer, const std::int8_t* input,
               std::size_t length, const std::int8_t* residual, std::int8_t* output) {
    const std::size_t padded = (shape.outputs + kLanes - 1) / kLanes * kLanes;
    const std::vector<std::int16_t> weights = pair_weights(shape, layer.weights, padded);
    const std::size_t pairs = (shape.kernel * shape.inputs + 1) / 2;
    std::vector<std::int16_t> rows(kRows * pairs * 2);
    std::vector<std::int32_t> sums(kRows * padded);
    const std::size_t positions = length / shape.stride;
    for (std::size_t start = 0; start < positions; start += kRows) {
        const std::size_t here = std::min(kRows, positions - start);
        std::fill(rows.begin(), rows.end(), std::int16_t{0});
        for (std::size_t r = 0; r < here; ++r) {
            const std::size_t p = start + r;
            const Reach places = reach(shape, p, length);
            for (std::size_t k = places.from; k < places.to; ++k) {
                const std::size_t at = p * shape.stride + k * shape.dilation - shape.padding;
                std::copy_n(input + at * shape.inputs, shape.inputs,
                            rows.data() + r * pairs * 2 + k * shape.inputs);
            }
        }
        for (std::size_t c = 0; c < padded; c += kLanes) {
            multiply(rows.data(), pairs, weights.data() + 2 * c, padded, sums.data() + c);
        }
        for (std::size_t r = 0; r < here; ++r) {
            const std::size_t at = (start + r) * shape.outputs;
            finish(shape, layer, sums.data() + r * padded,
                   residual == nullptr ? nullptr : residual + at, output + at);
        }
    }
}

}  // namespace

void run_layer(const LayerShape& shape, const LayerWeights& layer, const std::int8_t* input,
               std::size_t length, const std::int8_t* residual, std::int8_t* output) {
    (shape.depthwise ? run_depthwise : run_dense)(shape, layer, input, length, residual, output);
}

}  // namespace seqcoder
