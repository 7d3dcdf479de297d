// The cheapest sequence of window types: Viterbi's algorithm, one step a window.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "windows.hpp"

namespace seqcoder {

/// What every type of a window costs in 1/256 bit; the eighth is not looked at.
using TypeCosts = std::array<std::int32_t, 8>;

/// What a change of type costs in 1/256 bit, by where it leads.
struct ChangeCosts {
    std::int32_t into_gene;
    std::int32_t into_other;
};

/// No window may cost more under any type, nor a change of types.
inline constexpr std::int32_t kDearest = 1 << 24;

/// Finds the path that costs least in all. Of equals the lowest type counts.
class TypePath {
  public:
    TypePath(std::size_t windows, ChangeCosts changes);

    /// Go on by one window. Costs are 0 to `kDearest`.
    void step(const TypeCosts& costs);

    /// Write the types of all windows gone by.
    void finish(std::uint8_t* types) const;

  private:
    ChangeCosts changes_;
    // Above the cheapest, before the changes of the next window: at most kDearest for the change
    // and kDearest for the window, so that 8 times it stays below 2^29.
    std::array<std::int32_t, kTypes> total_{};
    // By window: the cheapest type before (bits 8 to 10) and which types follow it by a change.
    std::vector<std::uint16_t> origins_;
};

}  // namespace seqcoder
