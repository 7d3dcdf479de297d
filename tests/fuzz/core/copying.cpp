// Level 1: tokens and literals, and two bits per base.
#include "copying.hpp"

#include <cstdlib>

#include "input.hpp"
#include "twobit.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input{data, size};
    const auto n = static_cast<std::size_t>(input.number(2));
    const auto n_tokens = static_cast<std::size_t>(input.number(2)) % (input.size + 1);
    const std::vector<std::uint8_t> tokens = input.bytes(n_tokens);
    const std::vector<std::uint8_t> packed = input.rest();
    std::vector<std::uint8_t> bases(n);
    if (seqcoder::copy_repeats(tokens, packed, bases)) {
        for (const auto base : bases)
            if (base > 3) std::abort();
    }
    std::vector<std::uint8_t> plain(4 * packed.size());
    seqcoder::unpack_bases(packed.data(), 0, plain.size(), plain.data());
    std::vector<std::uint8_t> again(packed.size());
    seqcoder::pack_bases(plain.data(), plain.size(), again.data());
    if (again != packed) std::abort();
    return 0;
}
