// Takes a fuzzer's bytes apart: numbers first, then what is left.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

struct Input {
    const std::uint8_t* data;
    std::size_t size;

    std::uint64_t number(std::size_t bytes) {
        std::uint64_t value = 0;
        for (std::size_t k = 0; k < bytes; ++k) {
            value = value << 8 | (size > 0 ? *data : 0);
            if (size > 0) ++data, --size;
        }
        return value;
    }
    /// A vector of `count` bytes, zeros where there are no more. Its end is the allocation's, so
    /// that reading behind it is noticed.
    std::vector<std::uint8_t> bytes(std::size_t count) {
        std::vector<std::uint8_t> out(count);
        for (auto& byte : out) byte = static_cast<std::uint8_t>(number(1));
        out.shrink_to_fit();
        return out;
    }
    std::vector<std::uint8_t> rest() { return bytes(size); }
};
