#include "phase_model.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "windows.hpp"

namespace seqcoder {
namespace {

constexpr std::size_t kOrder = 5;
constexpr std::uint64_t kCertain = std::uint64_t{1} << 32;

/// log2(1 + (i + 1/2) / 1024) in 1/256, computed bit by bit by squaring.
constexpr std::array<std::uint16_t, 1024> make_logarithms() {
    std::array<std::uint16_t, 1024> table{};
    for (std::uint64_t i = 0; i < table.size(); ++i) {
        std::uint64_t y = (2 * i + 2049) << 20;  // in [1, 2), 1 being 2^31
        unsigned bits = 0;
        for (int k = 0; k < 12; ++k) {
            y = y * y >> 31;  // y < 2^32, therefore no overflow
            const unsigned bit = y >= std::uint64_t{1} << 32;
            y >>= bit;
            bits = bits << 1 | bit;
        }
        table[i] = static_cast<std::uint16_t>((bits + 8) >> 4);
    }
    return table;
}

constexpr std::array<std::uint16_t, 1024> kLogarithms = make_logarithms();

/// Code length of a probability of 1 to 2^32 in 2^-32.
std::uint16_t code_length(std::uint64_t probability) {
    const unsigned exponent = static_cast<unsigned>(std::bit_width(probability)) - 1;  // 0..32
    const std::uint64_t mantissa = (probability << (32 - exponent) >> 22) & 1023;
    const unsigned length = 256 * (32 - exponent) - (exponent < 32 ? kLogarithms[mantissa] : 0);
    return static_cast<std::uint16_t>(std::min(length, kDearestWord));
}

/// The class that the opposite strand gives a base of a class.
constexpr std::array<std::uint8_t, kTypes> kMirror{0, 4, 5, 6, 1, 2, 3};

/// The class that the opposite strand gives a word's first base, by the class of its last one, and
/// the other way round. There is no class 7.
constexpr std::array<std::uint8_t, kRow> kOpposite{0, 5, 6, 4, 3, 1, 2, 7};

constexpr std::array<std::uint16_t, kWords> make_reverse_complements() {
    std::array<std::uint16_t, kWords> table{};
    for (unsigned word = 0; word < kWords; ++word) {
        unsigned mirrored = 0;
        for (unsigned k = 0; k <= kOrder; ++k) mirrored = mirrored << 2 | (3 - (word >> 2 * k & 3));
        table[word] = static_cast<std::uint16_t>(mirrored);
    }
    return table;
}

constexpr std::array<std::uint16_t, kWords> kReverseComplement = make_reverse_complements();

}  // namespace

void count_words(const std::uint8_t* bases, std::size_t n, const std::uint8_t* types,
                 std::uint32_t* counts) {
    std::fill_n(counts, kWords * kRow, 0U);
    // Words within windows of one type, by the class of the last base, which tells the first one's.
    std::vector<std::uint32_t> within(kWords * kRow);
    unsigned word = 0;
    unsigned before = kTypes;
    for (std::size_t start = 0, w = 0; start < n; start += kStride, ++w) {
        const std::size_t end = std::min(n, start + kStride);
        const unsigned type = types[w];
        std::size_t i = start;
        if (type != before || type >= kTypes) {
            // Words that begin in the window before.
            for (; i < std::min(end, start + kOrder); ++i) {
                word = (word << 2 | (bases[i] & 3U)) & (kWords - 1);
                if (type >= kTypes || before >= kTypes) continue;
                ++counts[word * kRow + class_of(type, i - start)];
                const std::uint8_t first = class_of(before, kStride + i - start - kOrder);
                ++counts[kReverseComplement[word] * kRow + kMirror[first]];
            }
        }
        before = type;
        if (type >= kTypes) {
            for (; i < end; ++i) word = (word << 2 | (bases[i] & 3U)) & (kWords - 1);
            continue;
        }
        const std::size_t classes[3] = {class_of(type, 0), class_of(type, 1), class_of(type, 2)};
        std::size_t phase = (i - start) % 3;
        for (; i < end; ++i) {
            word = (word << 2 | (bases[i] & 3U)) & (kWords - 1);
            ++within[word * kRow + classes[phase]];
            phase = phase == 2 ? 0 : phase + 1;
        }
    }
    for (std::size_t w = 0; w < kWords; ++w) {
        const std::uint32_t* mirrored = &within[kReverseComplement[w] * kRow];
        for (std::size_t c = 0; c < kRow; ++c) {
            counts[w * kRow + c] += within[w * kRow + c] + mirrored[kOpposite[c]];
        }
    }
}

void word_costs(const std::uint32_t* counts, unsigned prior, std::uint16_t* costs) {
    // Sums over the bases further back: by_order[k] has the words of k + 1 bases.
    std::array<std::vector<std::uint32_t>, kOrder + 1> by_order;
    by_order[kOrder].assign(counts, counts + kWords * kRow);
    for (std::size_t k = kOrder; k-- > 0;) {
        const std::size_t size = by_order[k + 1].size() / 4;
        by_order[k].resize(size);
        for (std::size_t i = 0; i < 4 * size; ++i) by_order[k][i % size] += by_order[k + 1][i];
    }
    std::vector<std::uint64_t> lower(4 * kRow, kCertain / 4);
    for (std::size_t k = 0; k <= kOrder; ++k) {
        const std::vector<std::uint32_t>& table = by_order[k];
        std::vector<std::uint64_t> probabilities(table.size());
        for (std::size_t context = 0; context < table.size(); context += 4 * kRow) {
            for (std::size_t c = 0; c < kRow; ++c) {
                std::uint64_t total = prior;
                for (std::size_t b = 0; b < 4; ++b) total += table[context + b * kRow + c];
                for (std::size_t b = 0; b < 4; ++b) {
                    const std::size_t at = context + b * kRow + c;
                    // Counts are at most 2 * kMostBases: the sum stays below 2^64, the quotient is
                    // at most kCertain.
                    const std::uint64_t share =
                        (std::uint64_t{table[at]} << 32) + prior * lower[at % lower.size()];
                    probabilities[at] = std::max(std::uint64_t{1}, share / total);
                }
            }
        }
        lower = std::move(probabilities);
    }
    for (std::size_t i = 0; i < kWords * kRow; ++i) costs[i] = code_length(lower[i]);
}

void cheapest_types(const std::uint8_t* bases, std::size_t n, const std::uint16_t* costs,
                    ChangeCosts changes, std::uint8_t* types) {
    TypePath path(count_windows(n), changes);
    unsigned word = 0;
    for (std::size_t start = 0, w = 0; start < n; start += kStride, ++w) {
        const std::size_t end = std::min(n, start + kStride);
        // By codon position and class, eight words each at most: 8 * kDearestWord < 2^16.
        std::array<std::array<std::uint16_t, kRow>, 3> sums{};
        const auto add = [&](std::size_t i, std::array<std::uint16_t, kRow>& sum) {
            word = (word << 2 | (bases[i] & 3U)) & (kWords - 1);
            const std::uint16_t* row = costs + word * kRow;
            for (std::size_t c = 0; c < kRow; ++c)
                sum[c] = static_cast<std::uint16_t>(sum[c] + row[c]);
        };
        if (end - start == kStride) {
            for (std::size_t i = start; i < end; i += 3) {
                add(i, sums[0]);
                add(i + 1, sums[1]);
                add(i + 2, sums[2]);
            }
        } else {
            for (std::size_t i = start; i < end; ++i) add(i, sums[(i - start) % 3]);
        }
        TypeCosts window{};
        for (unsigned t = 0; t < kTypes; ++t) {
            for (std::size_t j = 0; j < 3; ++j) window[t] += sums[j][class_of(t, j)];
        }
        path.step(window);
    }
    path.finish(types);
}

}  // namespace seqcoder
