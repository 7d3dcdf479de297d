#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <functional>

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

static std::vector<WalkView> views_of(const std::vector<Columns>& walks) {
    std::vector<WalkView> views;
    for (const Columns& columns : walks) views.push_back(view_of(columns));
    return views;
}

/// Check what a walk over base space [0, space) is coded against.
static void require_relatives(const Relatives& relatives, Index space) {
    for (const WalkView& walk : relatives.parents) {
        require(is_walk(walk, space), "parents: one is no walk over the space");
    }
    for (const WalkView& walk : relatives.forerunners) {
        require(are_pieces(walk.pieces, space), "forerunners: one is no walk over the space");
    }
    require(relatives.names.size() == relatives.forerunners.size() &&
                std::ranges::is_sorted(relatives.names, std::ranges::less_equal()),
            "ordinals: not one for each forerunner, rising");
}

/// Base space where it is known: ranges[i] from starts[i] on, rising.
struct KnownSpace {
    std::span<const Index> starts;
    const std::vector<In<Base>>& ranges;

    /// The bases from `start` on, nullptr unless `length` of them are in one range.
    const Base* find(Index start, Index length) const {
        const auto after = std::upper_bound(starts.begin(), starts.end(), start);
        if (after == starts.begin() || length < 0) return nullptr;
        const auto at = static_cast<std::size_t>(after - starts.begin()) - 1;
        const auto size = static_cast<Index>(ranges[at].size());
        // start is not below the range's, so the difference is no less than 0 and overflows not.
        const Index skip = start - starts[at];
        if (skip < 0 || skip > size || length > size - skip) return nullptr;
        return ranges[at].data() + skip;
    }
};

static void apply_walk(In<Index> starts, In<Index> lengths, In<bool> reverse, In<Index> positions,
                       In<std::uint8_t> differences, In<Index> range_starts,
                       const std::vector<In<Base>>& ranges, Out<Base> out) {
    require(lengths.size() == starts.size() && reverse.size() == starts.size() &&
                differences.size() == positions.size() && range_starts.size() == ranges.size(),
            "walk: columns of different lengths");
    nb::gil_scoped_release release;
    const KnownSpace space{as_span(range_starts), ranges};
    const auto n = static_cast<Index>(out.size());
    Index at = 0;
    for (std::size_t i = 0; i < starts.size(); ++i) {
        const Index length = lengths.data()[i];
        const Base* const text = space.find(starts.data()[i], length);
        require(text && length <= n - at, "walk: an interval is not inside");
        copy_piece(text, length, reverse.data()[i], out.data() + at);
        at += length;
    }
    require(at == n, "out: wrong size");
    for (std::size_t i = 0; i < positions.size(); ++i) {
        const Index position = positions.data()[i];
        require(0 <= position && position < n, "walk: a substitution is not inside");
        out.data()[position] = static_cast<Base>(out.data()[position] ^ differences.data()[i]);
    }
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
                                                         const std::vector<Columns>& forerunners,
                                                         In<Index> names, Alleles& alleles) {
    const auto n = static_cast<Index>(text.size());
    require(0 <= novel_start && novel_start <= n, "novel_start: not inside the text");
    const auto some = views_of(parents);
    const auto all = views_of(forerunners);
    const auto rows = as_rows<Item>(items);
    const std::span<const Base> wanted(bases.data(), bases.size());
    const std::span<const Base> space(text.data(), text.size());
    WrittenWalk out;
    bool sound;
    {
        nb::gil_scoped_release release;
        const Relatives relatives{novel_start, some, all, as_span(names)};
        require_relatives(relatives, novel_start);
        sound = write_relative(rows, wanted, space, relatives, alleles, out);
    }
    require(sound, "items: they are not a walk");
    return {to_array(std::move(out.payload)), out.n_plain, out.n_changed,
            to_rows(std::move(out.walk.pieces)), to_rows(std::move(out.walk.substitutions))};
}

static std::tuple<int, Rows, Rows> read(In<std::uint8_t> payload,
                                        std::tuple<Index, Index, Index> counts, Index n_bases,
                                        Index space, Index novel_start,
                                        const std::vector<Columns>& parents,
                                        const std::vector<Columns>& forerunners, In<Index> names,
                                        Index most_pieces, Index most_range, Alleles& alleles) {
    const auto [n_items, n_plain, n_changed] = counts;
    require(0 <= n_bases && n_bases <= MOST_BASES && 0 <= n_items && n_items <= n_bases &&
                0 <= n_plain && n_plain <= n_bases && 0 <= n_changed && n_changed <= n_bases,
            "counts: more than there are bases");
    require(0 <= novel_start && novel_start <= space && space <= MOST_BASES,
            "novel_start: not inside the space");
    require(most_pieces >= 0 && most_range >= 0 && parents.size() <= 8, "out of range");
    const auto some = views_of(parents);
    const auto all = views_of(forerunners);
    Walk out;
    ReadStatus status;
    {
        nb::gil_scoped_release release;
        const Relatives relatives{novel_start, some, all, as_span(names)};
        require_relatives(relatives, space);
        status = read_relative({payload.data(), payload.size()},
                               {n_items, n_plain, n_changed, n_bases, space}, relatives,
                               {most_pieces, most_range}, alleles, out);
    }
    return {static_cast<int>(status), to_rows(std::move(out.pieces)),
            to_rows(std::move(out.substitutions))};
}

void bind_walks(nb::module_& module) {
    module.attr("WALK_BAD_ITEM") = static_cast<int>(ReadStatus::bad_item);
    module.attr("WALK_BAD_SUBSTITUTION") = static_cast<int>(ReadStatus::bad_substitution);
    module.attr("WALK_BAD_SITES") = static_cast<int>(ReadStatus::bad_sites);
    module.attr("WALK_TOO_LARGE") = static_cast<int>(ReadStatus::too_large);
    nb::class_<Alleles>(module, "Alleles")
        .def(nb::init<>())
        .def_prop_ro("nbytes", &Alleles::nbytes);
    define(module, "follow_walk", &follow_walk);
    define(module, "apply_walk", &apply_walk);
    define(module, "write_relative_walk", &write);
    define(module, "read_relative_walk", &read);
}

}  // namespace seqcoder
