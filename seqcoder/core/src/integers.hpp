// Short names for what the kernels compute with, and the few instructions they share.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace seqcoder {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i16 = std::int16_t;
using i32 = std::int32_t;
using i64 = std::int64_t;
using std::size_t;

/// Numbers that are added, shifted, compared side by side: the compiler makes instructions for
/// vectors of them where the processor has such, and plain code elsewhere.
typedef u32 Eight __attribute__((vector_size(32)));
typedef i32 Four __attribute__((vector_size(16)));

/// 2^64 divided by the golden ratio, odd: multiplying by it spreads a key over the high bits.
inline constexpr u64 HASH = 0x9E3779B97F4A7C15;

/// The low bit of every base of a word that holds 32.
inline constexpr u64 EVEN_BITS = 0x5555555555555555;

/// Call `body` with 0, 1, ... N - 1, each a constant of its own type, so that what depends on it is
/// fixed when the core is compiled.
template <std::size_t N, typename Body>
[[gnu::always_inline]] inline void unrolled(Body body) {
    [&]<std::size_t... J>(std::index_sequence<J...>) {
        (body(std::integral_constant<std::size_t, J>{}), ...);
    }(std::make_index_sequence<N>{});
}

/// Ask for the cache line of `address`, to be read and written. A hint: any address will do.
[[gnu::always_inline]] inline void prefetch(const void* address) {
    __builtin_prefetch(address, 1, 3);
    asm volatile("");  // GCC drops calls of functions that do nothing but prefetch
}

/// Turn a word of 32 bases round: the last base first, each with its two bits in order.
inline u64 reverse_bases(u64 x) {
    x = __builtin_bswap64(x);
    x = (x >> 4 & 0x0F0F0F0F0F0F0F0F) | (x & 0x0F0F0F0F0F0F0F0F) << 4;
    return (x >> 2 & 0x3333333333333333) | (x & 0x3333333333333333) << 2;
}

}  // namespace seqcoder
