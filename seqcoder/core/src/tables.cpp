#include "tables.hpp"

#include <cmath>
#include <map>

namespace seqcoder {

// 1..3 are the codon positions of a gene on this strand and 4..6 those of one on the opposite
// strand; 7..9 and 10..12 the same for a second kind of gene.
static constexpr u8 COMPLEMENT_CLASS[16] = {0, 4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9, 13, 14, 15};

// Rounded values lie much further from a half than mathematics libraries differ.
static i32 rounded(double x) { return static_cast<i32>(std::floor(x + 0.5)); }

static void fill_logarithms(Tables& t) {
    for (u32 c = 0; c < 256; ++c) t.count_log[c] = static_cast<i16>(count_logarithm(c));
    for (int i = 0; i < 4096; ++i) {
        const double p = (i + 0.5) / 4096;
        t.log_probability[i] = static_cast<i16>(rounded(256 * std::log(p)));
        t.vote[i] = static_cast<u16>(std::max(0, rounded(256 * std::log(3 * p / (1 - p)))));
        t.exponential[i] = static_cast<u32>(rounded(65535 * std::exp(-i / 256.0)));
    }
    for (u32 c = 0; c < 1024; ++c) t.reciprocal[c] = (2 * 65536) / (2 * c + 3);
}

static MapRow start_row(const std::array<u32, 4>& counts, const Tables& t) {
    MapRow row{};
    const u64 total = counts[0] + counts[1] + counts[2] + counts[3];
    for (unsigned q = 0; q < 4; ++q) {
        // (count + 0.06) / (total + 0.24), in whole numbers
        const u64 p = (100 * u64{counts[q]} + 6) * ONE / (100 * total + 24);
        row.probability[q] = std::max(2048, static_cast<i32>(p));
        const auto log = static_cast<u16>(t.log_probability[row.probability[q] >> 10]);
        row.logarithm |= u64{log} << (16 * q);
    }
    return row;
}

static void fill_states(Tables& t) {
    std::map<std::array<u32, 4>, u32> number_of;
    for (u32 a = 0; a < 16; ++a)
        for (u32 b = 0; b <= a; ++b)
            for (u32 c = 0; c <= b; ++c)
                for (u32 d = 0; d <= c; ++d) {
                    const std::array<u32, 4> counts{a, b, c, d};
                    number_of[counts] = static_cast<u32>(t.start_rows.size());
                    t.start_rows.push_back(start_row(counts, t));
                }
    for (u32 nibbles = 0; nibbles < 65536; ++nibbles) {
        std::array<u32, 4> sorted{};
        u32 ranks = 0;
        for (u32 s = 0; s < 4; ++s) {
            const u32 count = nibbles >> (4 * s) & 15;
            u32 rank = 0;
            for (u32 other = 0; other < 4; ++other) {
                const u32 theirs = nibbles >> (4 * other) & 15;
                rank += theirs > count || (theirs == count && other < s);
            }
            ranks |= rank << (2 * s);
            sorted[rank] = count;
        }
        t.nibble_state[nibbles] = number_of[sorted] << 8 | ranks;
    }
    for (u32 ranks = 0; ranks < 256; ++ranks) {
        u64 bytes = 0;
        for (u32 s = 0; s < 4; ++s) {
            const u64 rank = ranks >> (2 * s) & 3;
            bytes |= (2 * rank | (2 * rank + 1) << 8) << (16 * s);
        }
        t.rank_bytes[ranks] = bytes;
    }
}

static Tables* build() {
    auto* t = new Tables();  // lives as long as the process
    fill_logarithms(*t);
    fill_states(*t);
    for (unsigned c = 0; c < 16; ++c)
        t->two_classes[c] = static_cast<u8>(c | unsigned{COMPLEMENT_CLASS[c]} << 4);
    return t;
}

const Tables& tables() {
    static const Tables* const built = build();  // C++ sees to it that one thread builds
    return *built;
}

}  // namespace seqcoder
