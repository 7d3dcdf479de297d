#include <nanobind/stl/tuple.h>

#include "bindings.hpp"
#include "copying.hpp"
#include "results.hpp"

namespace seqcoder {

using Bytes = nb::ndarray<nb::numpy, std::uint8_t, nb::ndim<1>>;

void bind_copying(nb::module_& module) {
    define(module, "find_repeats", [](In<std::uint8_t> bases, int bits) {
        require(bases.size() < std::size_t{1} << 31, "bases: too many");
        require(1 <= bits && bits <= 28, "bits: not 1..28");
        Repeats found;
        {
            nb::gil_scoped_release release;
            found = find_repeats(as_span(bases), bits);
        }
        return std::tuple<Bytes, Bytes>(to_array(std::move(found.tokens)),
                                        to_array(std::move(found.literals)));
    });
    define(module, "copy_repeats",
           [](In<std::uint8_t> tokens, In<std::uint8_t> packed, Out<std::uint8_t> bases) {
               nb::gil_scoped_release release;
               return copy_repeats(as_span(tokens), as_span(packed), {bases.data(), bases.size()});
           });
}

}  // namespace seqcoder
