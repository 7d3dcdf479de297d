// Levels 2 and 3: any payload, any classes, any library and any leader give bases, the same ones at
// one go or in steps.
#include "mixing.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "input.hpp"
#include "pool.hpp"

using namespace seqcoder;

constexpr std::size_t LONGEST = 4000;

static const Library& small_library() {
    static const Library library = [] {
        std::vector<u8> residues(5000);
        u32 x = 1;
        for (auto& residue : residues) {
            x = x * 1664525 + 1013904223;
            residue = static_cast<u8>((x >> 24) % 24 == 23 ? 31 : (x >> 24) % 21);
        }
        return Library(residues.data(), residues.size(), nullptr);
    }();
    return library;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input{data, size};
    const auto flags = input.number(1);
    // Time goes by bases, and only long chunks wrap round in tables: they take long inputs, which
    // are rarer.
    const auto n = static_cast<std::size_t>(input.number(2)) % std::min(12 * size + 50, LONGEST);
    const auto first = static_cast<std::size_t>(input.number(2) % (n + 1));
    const auto n_classes = flags & 2 ? std::min<std::size_t>(n, input.number(2)) : 0;
    std::vector<u8> classes = input.bytes(n_classes);
    if (flags & 8) {  // as genes have them: the codon positions in turn
        for (std::size_t i = 0; i < n_classes; ++i) classes[i] = static_cast<u8>(1 + i % 3);
    }
    const std::vector<u8> payload = input.rest();
    Chunk chunk{.level = flags & 1 ? 3 : 2,
                      .bases = n,
                      .classes = flags & 2 ? classes.data() : nullptr,
                      .n_classes = n_classes,
                      .library = flags & 4 ? &small_library() : nullptr};
    // The leader of what is decoded is a part of the payload, taken as bases.
    std::unique_ptr<MixingState> leader;
    if (flags & 16) {
        std::vector<u8> bases(payload.begin(), payload.begin() + payload.size() / 2);
        std::vector<u8> led(flags & 2 ? bases.size() : 0);
        for (std::size_t i = 0; i < led.size(); ++i) led[i] = static_cast<u8>(6 - i % 3);
        const Chunk before{.level = chunk.level,
                           .bases = bases.size(),
                           .classes = flags & 2 ? led.data() : nullptr,
                           .n_classes = led.size(),
                           .library = chunk.library};
        leader = MixingState::learn(before, bases.data());
        chunk.leader = leader.get();
    }
    if (flags & 32 && chunk.library != nullptr) chunk.genes = &small_library();
    std::vector<u8> whole(n), steps(n);
    const auto decoder = MixingDecoder::open(chunk, payload.data(), payload.size());
    decoder->read(steps.data(), first);
    decoder->read(steps.data() + first, n - first);
    if (std::any_of(steps.begin(), steps.end(), [](u8 b) { return b > 3; })) std::abort();
    if (flags & 16) {
        MixingDecoder::open(chunk, payload.data(), payload.size())->read(whole.data(), n);
        if (whole != steps) std::abort();
    }
    return 0;
}
