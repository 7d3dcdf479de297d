// The levels that mix: for each, which models predict a base, how fast what is learned moves, and
// what chooses the weights; all of it fixed when the core is compiled. docs/coder.md specifies it.
#pragma once

#include <array>
#include <string_view>

#include "integers.hpp"

namespace seqcoder {

/// Counts of the base that follows the last `order` bases (at most 11), and the class of that base
/// if `classed`: four of 8 bits, all halved when one reaches `limit`.
struct Context {
    unsigned order;
    bool classed;
    u32 limit = 255;
};

/// The limit of a model that follows the neighbourhood.
inline constexpr u32 FAST = 15;

/// Bases that must agree with the latest ones for a place to be looked at: a pattern of up to 32,
/// 1 for one that must agree, the latest one last.
struct Seed {
    u64 mask = 0;
    unsigned width = 0;

    constexpr explicit Seed(std::string_view pattern) {
        for (const char c : pattern) mask = mask << 2 | (c == '1' ? 3u : 0u);
        width = static_cast<unsigned>(pattern.size());
    }
};

/// What chooses a weight vector among those of a set (at most `CHOICES`).
enum class Selector {
    repeat,       // the best repeat's quality (8) and the library's confidence (9)
    codon,        // the class
    bases_codon,  // the last two bases and the class
};
inline constexpr size_t CHOICES = 256;

/// What every level has in common; a level's mixtures say more.
struct Common {
    /// Binary logarithm of the contexts of a long model, and of the positions found by seeds.
    static constexpr unsigned nibble_bits = 22;
    static constexpr unsigned position_bits = 22;
    /// Places followed at once.
    static constexpr size_t places = 24;
    /// A place is accepted with at most so many of the last 32 bases different, or so many equal
    /// ones in a row, or, in a gene and in frame, so many first and second codon positions
    /// different; it is dropped above so many of 32 different.
    static constexpr int accept_misses = 9;
    static constexpr int accept_run = 20;
    static constexpr int accept_coding = 4;
    static constexpr int drop_misses = 26;
    /// The slowest rate of a vote's probability is one in so many.
    static constexpr u32 hit_limit = 1000;
    /// The learning rate of weights times 2^14, that of the second layer times 2^20, and the rate
    /// of the meaning of small counts: 2^-map_shift.
    static constexpr i32 rate = 25;
    static constexpr i64 second_rate = 2097;
    static constexpr int map_shift = 7;
};

struct Level2 : Common {
    static constexpr std::array seeds{Seed("1110100110010101111")};
    static constexpr std::array sets{Selector::repeat};
};

struct Level2Classed : Level2 {
    static constexpr bool classed = true;
    static constexpr std::array contexts{Context{3, false}, Context{3, true}, Context{5, true},
                                         Context{9, true}, Context{2, true, FAST}};
    static constexpr std::array<unsigned, 2> long_orders{12, 16};
    static constexpr size_t library_inputs = 2;
    static constexpr std::array<i32, 12> start_weights{8192,  8192, 28672, 4096, 8192,  // contexts
                                                       8192,  8192,        // long contexts
                                                       16384, 4096, 1024,  // repeats
                                                       57344, 16384};      // library
};

struct Level2Plain : Level2 {
    static constexpr bool classed = false;
    static constexpr std::array contexts{Context{3, false}, Context{8, false}, Context{11, false}};
    static constexpr std::array<unsigned, 2> long_orders{12, 16};
    static constexpr size_t library_inputs = 0;
    static constexpr std::array<i32, 8> start_weights{16384, 16384, 16384,  // contexts
                                                      16384, 16384,         // long contexts
                                                      16384, 16384, 0};     // repeats
};

struct Level3 : Common {
    static constexpr unsigned nibble_bits = 24;
    static constexpr unsigned position_bits = 24;
    static constexpr size_t places = 32;
    static constexpr std::array seeds{Seed("1110100110010101111"), Seed("110110110110110110"),
                                      Seed("1100101000010111011")};
};

struct Level3Classed : Level3 {
    static constexpr bool classed = true;
    static constexpr std::array contexts{Context{4, false},     Context{3, true}, Context{5, true},
                                         Context{6, true},      Context{8, true}, Context{9, true},
                                         Context{2, true, FAST}};
    static constexpr std::array<unsigned, 2> long_orders{12, 18};
    static constexpr size_t library_inputs = 2;
    static constexpr std::array sets{Selector::repeat, Selector::codon};
    static constexpr std::array<i32, 14> start_weights{8192,  8192, 20480, 8192,
                                                       4096,  4096, 8192,  // contexts
                                                       8192,  8192,        // long contexts
                                                       16384, 4096, 1024,  // repeats
                                                       57344, 16384};      // library
};

struct Level3Plain : Level3 {
    static constexpr bool classed = false;
    static constexpr std::array contexts{Context{4, false}, Context{8, false}, Context{11, false}};
    static constexpr std::array<unsigned, 2> long_orders{12, 18};
    static constexpr size_t library_inputs = 0;
    static constexpr std::array sets{Selector::repeat, Selector::codon};
    static constexpr std::array<i32, 8> start_weights{16384, 16384, 16384,  // contexts
                                                      16384, 16384,         // long contexts
                                                      16384, 16384, 0};     // repeats
};

}  // namespace seqcoder
