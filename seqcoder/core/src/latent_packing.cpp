#include "latent_packing.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "adaptive_bits.hpp"
#include "run_priors.hpp"
#include "windows.hpp"

namespace seqcoder {
namespace {

/// None, forward, reverse.
constexpr unsigned kKinds = 3;

constexpr unsigned kind_of(unsigned type) { return (type + 2) / 3; }

/// How much is made of a prior: as if so many bits had been seen.
constexpr std::uint32_t kTrust = 8;

constexpr AdaptiveBit start_from(std::uint8_t prior) { return AdaptiveBit(prior * 256U, kTrust); }

/// What is learned of runs, from what most genomes are like on: how a type follows the two before
/// it, and how long runs are.
struct RunModel {
    using Tree = std::array<AdaptiveBit, 8>;

    RunModel() {
        for (unsigned before = 0; before < kTypes; ++before) {
            for (unsigned last = 0; last < kTypes; ++last) {
                for (unsigned node = 0; node < 8; ++node) {
                    next[before][last][node] = start_from(kNextPriors[before][last][node]);
                }
            }
        }
        for (unsigned kind = 0; kind < kKinds; ++kind) {
            for (unsigned m = 0; m < kMagnitudePriors[kind].size(); ++m) {
                magnitude[kind][m] = start_from(kMagnitudePriors[kind][m][0]);
                for (unsigned above = 0; above < 4; ++above) {
                    leading[kind][m][above] = start_from(kLeadingPriors[kind][m][above]);
                }
            }
        }
    }

    std::array<std::array<Tree, kTypes>, kTypes> next{};          // by type before last, last
    std::array<std::array<AdaptiveBit, 32>, kKinds> magnitude{};  // length's leading bit, unary
    // The two bits below the leading one by magnitude and value, one for all further ones.
    std::array<std::array<std::array<AdaptiveBit, 4>, 32>, kKinds> leading{};
    std::array<std::array<AdaptiveBit, 32>, kKinds> further{};
};

template <class Coder>
unsigned code_type(Coder& coder, RunModel::Tree& tree, unsigned type) {
    unsigned node = 1;
    for (int k = 2; k >= 0; --k) node = node << 1 | coder.code(tree[node], type >> k & 1);
    return node & 7;
}

/// Code the length of a run (1 or more; when decoding anything is given); 0 if none is so long.
template <class Coder>
std::size_t code_length(Coder& coder, RunModel& model, unsigned kind, std::size_t length) {
    unsigned magnitude = 0;
    if constexpr (!Coder::kDecodes) magnitude = static_cast<unsigned>(std::bit_width(length)) - 1;
    unsigned m = 0;
    while (coder.code(model.magnitude[kind][m], m < magnitude) != 0) {
        if (++m == 32) return 0;
    }
    std::size_t found = 1;
    for (unsigned k = m; k-- > 0;) {
        AdaptiveBit& bit = m - k <= 2 ? model.leading[kind][m][found] : model.further[kind][m];
        found = found << 1 | coder.code(bit, length >> k & 1);
    }
    return found;
}

/// Code all runs; false if what is decoded cannot be.
template <class Coder, class Types>
bool code_runs(Coder& coder, Types* types, std::size_t windows) {
    RunModel model;
    unsigned before = 0;
    unsigned last = 0;
    for (std::size_t at = 0; at < windows;) {
        std::size_t length = 0;
        unsigned type = 0;
        if constexpr (!Coder::kDecodes) {
            type = types[at];
            const Types* end = std::find_if(types + at, types + windows,
                                            [type](Types other) { return other != type; });
            length = static_cast<std::size_t>(end - (types + at));
        }
        type = code_type(coder, model.next[before][last], type);
        if (type >= kTypes) return false;
        length = code_length(coder, model, kind_of(type), length);
        if (length == 0 || length > windows - at) return false;
        if constexpr (Coder::kDecodes) {
            if (coder.overrun()) return false;
            std::fill_n(types + at, length, static_cast<Types>(type));
        }
        at += length;
        before = last;
        last = type;
    }
    return true;
}

}  // namespace

std::vector<std::uint8_t> pack_types(const std::uint8_t* types, std::size_t windows) {
    std::vector<std::uint8_t> out;
    BitEncoder coder(out);
    code_runs(coder, types, windows);
    coder.finish();
    return out;
}

bool unpack_types(const std::uint8_t* data, std::size_t size, std::size_t windows,
                  std::uint8_t* types) {
    BitDecoder coder(data, size);
    return code_runs(coder, types, windows) && coder.finished();
}

}  // namespace seqcoder
