// Packed window types: what is taken for sound packs again and comes back the same.
#include <cstdlib>

#include "input.hpp"
#include "latent_packing.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input{data, size};
    const auto windows = static_cast<std::size_t>(input.number(2));
    const std::vector<std::uint8_t> packed = input.rest();
    std::vector<std::uint8_t> types(windows);
    const bool sound = seqcoder::unpack_types(packed.data(), packed.size(), windows, types.data());
    for (const auto type : types)
        if (type > 6) std::abort();
    if (!sound) return 0;
    const std::vector<std::uint8_t> again = seqcoder::pack_types(types.data(), windows);
    std::vector<std::uint8_t> same(windows, 255);
    if (!seqcoder::unpack_types(again.data(), again.size(), windows, same.data()) || same != types)
        std::abort();
    return 0;
}
