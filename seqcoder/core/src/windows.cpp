#include "windows.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace seqcoder {
namespace {

using Window = std::array<std::uint8_t, kStride>;

constexpr std::array<Window, kTypes> make_windows() {
    std::array<Window, kTypes> windows{};
    for (unsigned type = 0; type < kTypes; ++type) {
        for (std::size_t j = 0; j < kStride; ++j) windows[type][j] = class_of(type, j);
    }
    return windows;
}

constexpr std::array<Window, kTypes> kWindows = make_windows();

}  // namespace

void decode_classes(const std::int8_t* latents, std::size_t given, std::size_t n,
                    std::uint8_t* classes) {
    for (std::size_t w = 0; w * kStride < n; ++w) {
        const unsigned latent = w < given ? static_cast<std::uint8_t>(latents[w]) : 0;
        const std::size_t left = std::min(kStride, n - w * kStride);
        std::memcpy(classes + w * kStride, kWindows[latent % kTypes].data(), left);
    }
}

}  // namespace seqcoder
