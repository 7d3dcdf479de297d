#include "arrays.hpp"
#include "bindings.hpp"
#include "twobit.hpp"

namespace seqcoder {

void bind_twobit(nb::module_& module) {
    define(module, "pack_bases", [](In<std::uint8_t> bases, Out<std::uint8_t> packed) {
        require(packed.size() == packed_size(bases.size()), "packed: wrong size");
        nb::gil_scoped_release release;
        pack_bases(bases.data(), bases.size(), packed.data());
    });
    define(module, "unpack_bases", [](In<std::uint8_t> packed, Out<std::uint8_t> bases) {
        require(packed.size() >= packed_size(bases.size()), "packed: too short");
        nb::gil_scoped_release release;
        unpack_bases(packed.data(), 0, bases.size(), bases.data());
    });
}

}  // namespace seqcoder
