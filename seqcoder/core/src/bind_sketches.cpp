#include <array>

#include "bindings.hpp"
#include "groups.hpp"
#include "results.hpp"

namespace seqcoder {

using Hashes = nb::ndarray<nb::numpy, std::uint64_t, nb::ndim<1>>;
using Places = nb::ndarray<nb::numpy, std::int64_t, nb::ndim<1>>;

static Sketches sketches_of(const In<std::uint64_t>& hashes, const In<std::int64_t>& edges,
                            std::size_t size) {
    require(edges.size() >= 1 && edges.data()[0] >= 0, "edges: not inside the hashes");
    for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
        const std::int64_t length = edges.data()[i + 1] - edges.data()[i];
        require(0 <= length && length <= std::int64_t{1} << 31, "edges: they do not rise");
    }
    require(static_cast<std::size_t>(edges.data()[edges.size() - 1]) <= hashes.size(),
            "edges: not inside the hashes");
    return {as_span(hashes), as_span(edges), size};
}

static void require_genomes(const Sketches& all, std::span<const std::int64_t> genomes) {
    for (const std::int64_t genome : genomes) {
        require(0 <= genome && static_cast<std::size_t>(genome) < all.count(),
                "genomes: there is no such one");
    }
}

static Places assign(In<std::uint64_t> hashes, In<std::int64_t> edges, std::size_t size,
                     In<std::int64_t> order, In<std::int64_t> given, double related,
                     std::int64_t fresh) {
    const Sketches all = sketches_of(hashes, edges, size);
    require_genomes(all, as_span(order));
    require(order.size() <= all.count() && given.size() == all.count() &&
                all.count() < (std::size_t{1} << 32) / INDEXED,
            "genomes: too many");
    std::vector<std::int64_t> groups;
    {
        nb::gil_scoped_release release;
        groups = assign_groups(all, as_span(order), as_span(given), related, fresh);
    }
    return to_array(std::move(groups));
}

void bind_sketches(nb::module_& module) {
    module.attr("SKETCH_LENGTH") = SKETCH_LENGTH;
    module.attr("INDEXED_HASHES") = INDEXED;
    define(module, "sketch_hashes", [](In<std::uint8_t> bases, std::uint64_t limit) {
        std::vector<std::uint64_t> hashes;
        {
            nb::gil_scoped_release release;
            hashes = sketch_hashes(as_span(bases), limit);
        }
        return Hashes(to_array(std::move(hashes)));
    });
    define(module, "residue_hashes",
           [](In<std::uint8_t> residues, std::size_t length, std::uint64_t limit) {
               require(length >= 1 && length <= 16, "length: 1 to 16");
               std::vector<std::uint64_t> hashes;
               {
                   nb::gil_scoped_release release;
                   hashes = residue_hashes(as_span(residues), length, limit);
               }
               return Hashes(to_array(std::move(hashes)));
           });
    define(module, "count_shared", [](In<std::uint64_t> one, In<std::uint64_t> two) {
        return count_shared(as_span(one), as_span(two));
    });
    define(module, "jaccards",
           [](In<std::uint64_t> hashes, In<std::int64_t> edges, std::size_t size,
              In<std::int64_t> rows, In<std::int64_t> columns, Out<double, 2> out) {
               const Sketches all = sketches_of(hashes, edges, size);
               require_genomes(all, as_span(rows));
               require_genomes(all, as_span(columns));
               require(columns.size() <= 64 && out.shape(0) == rows.size() &&
                           out.shape(1) == columns.size(),
                       "out: wrong shape");
               nb::gil_scoped_release release;
               jaccards(all, as_span(rows), as_span(columns), out.data());
           });
    define(module, "jaccard",
           [](In<std::uint64_t> hashes, In<std::int64_t> edges, std::size_t size, std::int64_t one,
              std::int64_t two) {
               const Sketches all = sketches_of(hashes, edges, size);
               require_genomes(all, std::array{one, two});
               return jaccard(all, static_cast<std::size_t>(one), static_cast<std::size_t>(two));
           });
    define(module, "assign_groups", &assign);
}

}  // namespace seqcoder
