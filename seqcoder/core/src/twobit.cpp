#include "twobit.hpp"

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

void unpack_bases(const std::uint8_t* packed, std::size_t n, std::uint8_t* bases) {
    for (std::size_t i = 0; i < n; ++i) {
        bases[i] = static_cast<std::uint8_t>(packed[i / 4] >> (6 - 2 * (i % 4)) & 3);
    }
}

}  // namespace seqcoder
