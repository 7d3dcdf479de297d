#include <nanobind/stl/tuple.h>

#include "bindings.hpp"
#include "choose.hpp"
#include "extend.hpp"
#include "results.hpp"

namespace seqcoder {

using Rows = nb::ndarray<nb::numpy, std::int64_t, nb::ndim<2>>;

/// A table of 2^bits slots.
static SeedTable table_of(std::uint32_t* slots, std::size_t size) {
    require(std::has_single_bit(size) && size > 1 && size <= std::size_t{1} << 32,
            "table: its size is no power of two");
    return {slots, 64 - std::countr_zero(size)};
}

static void require_range(std::size_t size, Index start, Index stop) {
    require(
        0 <= start && start <= stop && static_cast<std::size_t>(stop) <= size && stop < MOST_TEXT,
        "text: the range is not inside");
}

/// Spaces cut `text` up to `end`.
static std::span<const Index> edges_of(const In<Index>& edges, std::size_t size, Index end) {
    require(edges.size() >= 1 && edges.data()[0] == 0, "edges: do not begin with 0");
    for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
        require(edges.data()[i] <= edges.data()[i + 1], "edges: do not rise");
    }
    require_range(size, edges.data()[edges.size() - 1], end);
    return as_span(edges);
}

/// text[first, last] and its source lie inside.
static Diagonal diagonal_of(std::size_t size, Index first, Index last, Index sign, Index offset) {
    const Diagonal d{sign, offset};
    const auto n = static_cast<Index>(size);
    require(sign == 1 || sign == -1, "sign: neither 1 nor -1");
    require(-n <= offset && offset <= 2 * n && 0 <= first && last < n, "text: not inside");
    require(first > last || (std::min(d.source(first), d.source(last)) >= 0 &&
                             std::max(d.source(first), d.source(last)) < n),
            "text: the source is not inside");
    return d;
}

static Rows find(In<Base> text, In<Index> edges, Index end, Out<std::uint32_t> known,
                 Out<std::uint32_t> parents) {
    const auto spaces = edges_of(edges, text.size(), end);
    const SeedTable one = table_of(known.data(), known.size());
    const SeedTable two = table_of(parents.data(), parents.size());
    std::vector<Segment> found;
    {
        nb::gil_scoped_release release;
        found = find_segments(text.data(), spaces, end, one, two);
    }
    return to_rows(std::move(found));
}

static std::tuple<Rows, Index> cheapest_path(In<Base> text, Index begin, Index end,
                                             In<Index, 2> segments, Index novel_base,
                                             Index new_item) {
    require_range(text.size(), begin, end);
    const auto all = as_rows<Segment>(segments);
    for (const Segment& one : all) {
        require(begin <= one.begin && one.begin < one.end && one.end <= end && one.bad >= 0 &&
                    one.bad <= one.end - one.begin,
                "segments: not in the genome");
        diagonal_of(text.size(), one.begin, one.end - 1, one.diagonal.sign, one.diagonal.offset);
    }
    Path path;
    {
        nb::gil_scoped_release release;
        path = choose(text.data(), begin, end, all, {novel_base, new_item});
    }
    return {to_rows(std::move(path.steps)), path.cost};
}

static std::tuple<Index, Index, Index> extended(In<Base> text, Index at, bool back, Index sign,
                                                Index offset, Index n) {
    const Index first = back ? at - n + 1 : at;
    const Diagonal d = diagonal_of(text.size(), first, first + n - 1, sign, offset);
    const Extension found = extend(text.data(), at, back, d, n);
    return {found.length, found.score, found.bad};
}

static std::tuple<Index, Index, Index> compared(In<Base> text, Index at, Index sign, Index offset,
                                                Index n) {
    const Diagonal d = diagonal_of(text.size(), at, at + n - 1, sign, offset);
    return {matches_on(text.data(), at, d, n), matches_back(text.data(), at + n, d, n),
            mismatches(text.data(), at, d, n)};
}

void bind_pangenome(nb::module_& module) {
    module.attr("SEED_LENGTH") = SEED_LENGTH;
    module.attr("SEED_STEP") = SEED_STEP;
    module.attr("SPARSE_STEP") = SPARSE_STEP;
    define(module, "insert_seeds",
           [](In<Base> text, Index start, Index stop, Index step, Out<std::uint32_t> table,
              bool over) {
               require_range(text.size(), start, stop);
               require(step > 0 && step % SEED_STEP == 0, "step: no multiple of SEED_STEP");
               const SeedTable seeds = table_of(table.data(), table.size());
               nb::gil_scoped_release release;
               (over ? insert_seeds : insert_new_seeds)(text.data(), start, stop, step, seeds);
           });
    define(module, "find_segments", &find);
    define(module, "choose_path", &cheapest_path);
    define(module, "extend_alignment", &extended);
    define(module, "compare_alignment", &compared);
    define(module, "segment_rates", [](Index length, Index bad) {
        require(0 <= bad && bad <= length && length < Index{1} << 40, "bad: out of range");
        const Rates rates = rates_of(length, bad);
        return std::tuple(rates.match, rates.mismatch);
    });
}

}  // namespace seqcoder
