// Relative walks: what is read is a walk over base space, whatever the bytes and the relatives.
#include <cstdlib>

#include "input.hpp"
#include "relative.hpp"

using namespace seqcoder;

/// A walk of some pieces over [0, space), as an earlier genome's is.
static Walk some_walk(Input& input, Index space) {
    Walk walk;
    Index end = 0;
    for (auto left = input.number(1) % 8; left > 0; --left) {
        const auto start = static_cast<Index>(input.number(2)) % space;
        const auto length = 1 + static_cast<Index>(input.number(2)) % (space - start);
        end += length;
        walk.pieces.push_back({end, start, length, static_cast<Index>(input.number(1) % 2)});
    }
    Index position = 0;
    for (auto left = input.number(1) % 8; left > 0 && end > 0; --left) {
        position += 1 + static_cast<Index>(input.number(1));
        if (position >= end) break;
        walk.substitutions.push_back({position, 1 + static_cast<Index>(input.number(1) % 3)});
    }
    return walk;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input{data, size};
    const Index space = 1 + static_cast<Index>(input.number(2) % 4000);
    const Index novel = static_cast<Index>(input.number(2)) % (space + 1);
    const Walk parent = some_walk(input, space), other = some_walk(input, space);
    const std::vector<WalkView> views{{parent.pieces, parent.substitutions},
                                      {other.pieces, other.substitutions}};
    for (const auto& view : views)
        if (!is_walk(view, space)) std::abort();  // a fault of this target
    const auto n_bases = static_cast<Index>(input.number(2));
    const auto most = [&](std::size_t bytes) {
        return static_cast<Index>(input.number(bytes)) % (n_bases + 1);
    };
    const WalkHead head{most(1), most(1), most(1), n_bases, space};
    const std::vector<std::uint8_t> payload = input.rest();
    Walk out;
    const Relatives relatives{novel, std::span(views).first(1), views};
    const auto status = read_relative(payload, head, relatives, {1 << 12, 1 << 12}, out);
    if (status != ReadStatus::sound) return 0;
    const WalkView view{out.pieces, out.substitutions};
    if (!is_walk(view, space) || view.n_bases() != n_bases) std::abort();
    const std::vector<Base> text(static_cast<std::size_t>(space), 1);
    std::vector<Base> bases(static_cast<std::size_t>(n_bases));
    follow(view, text.data(), bases.data());
    return 0;
}
