#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "bindings.hpp"
#include "relative.hpp"
#include "results.hpp"

namespace seqcoder {

using Rows = nb::ndarray<nb::numpy, std::int64_t, nb::ndim<2>>;
using Bytes = nb::ndarray<nb::numpy, std::uint8_t, nb::ndim<1>>;
/// The pieces and substitutions of a walk.
using Columns = std::tuple<In<Index, 2>, In<Index, 2>>;

static WalkView view_of(const Columns& columns) {
    return {as_rows<Piece>(std::get<0>(columns)), as_rows<Substitution>(std::get<1>(columns))};
}

static std::vector<WalkView> views_of(const std::vector<Columns>& walks, Index space) {
    std::vector<WalkView> views;
    for (const Columns& columns : walks) {
        views.push_back(view_of(columns));
        require(is_walk(views.back(), space), "walks: one is none over the space");
    }
    return views;
}

static void follow_walk(In<Index, 2> pieces, In<Index, 2> substitutions, In<Base> text,
                        Out<Base> out) {
    const WalkView walk = view_of({pieces, substitutions});
    nb::gil_scoped_release release;
    require(is_walk(walk, static_cast<Index>(text.size())), "walk: none over the text");
    require(static_cast<std::size_t>(walk.n_bases()) == out.size(), "out: wrong size");
    follow(walk, text.data(), out.data());
}

static std::tuple<Bytes, Index, Index, Rows, Rows> write(In<Index, 2> items, In<Base> bases,
                                                         In<Base> text, Index novel_start,
                                                         const std::vector<Columns>& parents,
                                                         const std::vector<Columns>& forerunners) {
    const auto n = static_cast<Index>(text.size());
    require(0 <= novel_start && novel_start <= n, "novel_start: not inside the text");
    const auto some = views_of(parents, novel_start);
    const auto all = views_of(forerunners, novel_start);
    const auto rows = as_rows<Item>(items);
    const std::span<const Base> wanted(bases.data(), bases.size());
    const std::span<const Base> space(text.data(), text.size());
    WrittenWalk out;
    bool sound;
    {
        nb::gil_scoped_release release;
        sound = write_relative(rows, wanted, space, {novel_start, some, all}, out);
    }
    require(sound, "items: they are not a walk");
    return {to_array(std::move(out.payload)), out.n_plain, out.n_changed,
            to_rows(std::move(out.walk.pieces)), to_rows(std::move(out.walk.substitutions))};
}

static std::tuple<int, Rows, Rows> read(In<std::uint8_t> payload,
                                        std::tuple<Index, Index, Index> counts, Index n_bases,
                                        Index space, Index novel_start,
                                        const std::vector<Columns>& parents,
                                        const std::vector<Columns>& forerunners, Index most_pieces,
                                        Index most_range) {
    const auto [n_items, n_plain, n_changed] = counts;
    require(0 <= n_bases && n_bases <= MOST_BASES && 0 <= n_items && n_items <= n_bases &&
                0 <= n_plain && n_plain <= n_bases && 0 <= n_changed && n_changed <= n_bases,
            "counts: more than there are bases");
    require(0 <= novel_start && novel_start <= space && space <= MOST_BASES,
            "novel_start: not inside the space");
    require(most_pieces >= 0 && most_range >= 0 && parents.size() <= 8, "out of range");
    const auto some = views_of(parents, space);
    const auto all = views_of(forerunners, space);
    Walk out;
    ReadStatus status;
    {
        nb::gil_scoped_release release;
        status = read_relative({payload.data(), payload.size()},
                               {n_items, n_plain, n_changed, n_bases, space},
                               {novel_start, some, all}, {most_pieces, most_range}, out);
    }
    return {static_cast<int>(status), to_rows(std::move(out.pieces)),
            to_rows(std::move(out.substitutions))};
}

void bind_walks(nb::module_& module) {
    module.attr("WALK_BAD_ITEM") = static_cast<int>(ReadStatus::bad_item);
    module.attr("WALK_BAD_SUBSTITUTION") = static_cast<int>(ReadStatus::bad_substitution);
    module.attr("WALK_BAD_SITES") = static_cast<int>(ReadStatus::bad_sites);
    module.attr("WALK_TOO_LARGE") = static_cast<int>(ReadStatus::too_large);
    module.def("follow_walk", &follow_walk);
    module.def("write_relative_walk", &write);
    module.def("read_relative_walk", &read);
}

}  // namespace seqcoder
