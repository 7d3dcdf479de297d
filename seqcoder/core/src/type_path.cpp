#include "type_path.hpp"

#include <algorithm>

namespace seqcoder {
namespace {

/// The cheapest of seven and which it is, as 8 * cost + type.
std::int32_t cheapest(const std::array<std::int32_t, kTypes>& totals) {
    std::int32_t best = totals[0] * 8;
    for (unsigned t = 1; t < kTypes; ++t) {
        best = std::min(best, totals[t] * 8 + static_cast<std::int32_t>(t));
    }
    return best;
}

}  // namespace

TypePath::TypePath(std::size_t windows, ChangeCosts changes) : changes_(changes) {
    origins_.reserve(windows);
}

void TypePath::step(const TypeCosts& costs) {
    const std::int32_t best = cheapest(total_);
    const std::int32_t least = best >> 3;
    unsigned origin = static_cast<unsigned>(best & 7) << 8;
    for (unsigned t = 0; t < kTypes; ++t) {
        const std::int32_t stay = total_[t] - least;
        const std::int32_t change = t == 0 ? changes_.into_other : changes_.into_gene;
        origin |= static_cast<unsigned>(change < stay) << t;
        total_[t] = std::min(stay, change) + costs[t];
    }
    origins_.push_back(static_cast<std::uint16_t>(origin));
}

void TypePath::finish(std::uint8_t* types) const {
    unsigned type = static_cast<unsigned>(cheapest(total_) & 7);
    for (std::size_t w = origins_.size(); w-- > 0;) {
        types[w] = static_cast<std::uint8_t>(type);
        const unsigned origin = origins_[w];
        if (origin >> type & 1) type = origin >> 8;
    }
}

}  // namespace seqcoder
