#include "twobit.hpp"

#include <array>
#include <cstring>

namespace seqcoder {

void pack_bases(const std::uint8_t* bases, std::size_t n, std::uint8_t* packed) {
    const std::size_t whole = n / 4;
    for (std::size_t i = 0; i < whole; ++i) {
        const std::uint8_t* four = bases + 4 * i;
        packed[i] = static_cast<std::uint8_t>(four[0] << 6 | four[1] << 4 | four[2] << 2 | four[3]);
    }
    if (n % 4 != 0) {
        unsigned last = 0;
        for (std::size_t i = 4 * whole; i < n; ++i) {
            last |= static_cast<unsigned>(bases[i]) << (6 - 2 * (i % 4));
        }
        packed[whole] = static_cast<std::uint8_t>(last);
    }
}

using Four = std::array<std::uint8_t, 4>;

/// The four bases of every byte.
static constexpr std::array<Four, 256> FOURS = [] {
    std::array<Four, 256> fours{};
    for (unsigned byte = 0; byte < 256; ++byte) {
        for (unsigned k = 0; k < 4; ++k) {
            fours[byte][k] = static_cast<std::uint8_t>(byte >> (6 - 2 * k) & 3);
        }
    }
    return fours;
}();

void unpack_bases(const std::uint8_t* packed, std::size_t first, std::size_t n,
                  std::uint8_t* bases) {
    const auto single = [&](std::size_t i) {
        bases[i] = FOURS[packed[(first + i) / 4]][(first + i) % 4];
    };
    std::size_t i = 0;
    for (; i < n && (first + i) % 4 != 0; ++i) single(i);
    const std::uint8_t* bytes = packed + (first + i) / 4;
    for (; i + 4 <= n; i += 4) std::memcpy(bases + i, FOURS[*bytes++].data(), 4);
    for (; i < n; ++i) single(i);
}

}  // namespace seqcoder
