// Unsigned LEB128 integers, the only variable-length integers of the format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace seqcoder {

inline void put_varint(std::vector<std::uint8_t>& out, std::uint64_t value) {
    for (; value >= 128; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 128));
    out.push_back(static_cast<std::uint8_t>(value));
}

/// Read a value of at most six bytes at `at`, which moves on; false where there is none.
inline bool get_varint(std::span<const std::uint8_t> data, std::size_t& at, std::uint64_t& value) {
    value = 0;
    for (int shift = 0; shift <= 35; shift += 7) {
        if (at >= data.size()) return false;
        const std::uint8_t byte = data[at++];
        value |= std::uint64_t{byte & 127u} << shift;
        if (byte < 128) return true;
    }
    return false;
}

}  // namespace seqcoder
